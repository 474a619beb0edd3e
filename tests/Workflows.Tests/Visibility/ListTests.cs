using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>Lists and counts as clients of the SDK see them. A run shows as soon as its step is acknowledged.</summary>
public sealed class ListTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_shows_from_its_start_to_its_end_with_what_it_says_of_itself()
    {
        var client = await SearchedAsync();
        await using var worker = RunningWorker.Start(client);
        var options = worker.Options();
        options.TypedSearchAttributes = new SearchAttributeCollection.Builder().Set(TaggedWorkflow.Team, "red").Set(TaggedWorkflow.Size, 3).ToSearchAttributeCollection();
        options.Memo = new Dictionary<string, object> { ["note"] = "first" };
        var handle = await client.StartWorkflowAsync((TaggedWorkflow w) => w.RunAsync("blue"), options);
        Assert.NotNull(await OneAsync(client, $"WorkflowId = '{handle.Id}' AND ExecutionStatus = 'Running' AND CloseTime IS NULL"));

        await handle.UntilAsync(EventType.WorkflowPropertiesModified, Ct);
        Assert.Null(await OneAsync(client, $"WorkflowId = '{handle.Id}' AND Team = 'red'"));
        Assert.Null(await OneAsync(client, $"WorkflowId = '{handle.Id}' AND Size IS NOT NULL"));
        var changed = (await OneAsync(client, $"WorkflowId = '{handle.Id}' AND Team = 'blue'"))!;
        Assert.Equal("blue", changed.TypedSearchAttributes.Get(TaggedWorkflow.Team));
        Assert.Equal("changed", await changed.Memo["note"].ToValueAsync<string>());

        await handle.SignalAsync(w => w.EndAsync());
        await handle.GetResultAsync();
        var closed = (await OneAsync(client, $"Team = 'blue' AND WorkflowId = '{handle.Id}' AND WorkflowType = 'TaggedWorkflow' AND ExecutionStatus = 'Completed' AND TaskQueue = '{worker.Queue}'"))!;
        Assert.Equal((await handle.DescribeAsync()).CloseTime, closed.CloseTime);
        Assert.Equal((await handle.FetchHistoryAsync()).Events.Count, closed.HistoryLength);
        Assert.Null(await OneAsync(client, $"WorkflowId = '{handle.Id}' AND ExecutionStatus = 'Running'"));
    }

    [Fact]
    public async Task Attributes_in_lists_say_their_type()
    {
        var client = await SearchedAsync();
        var options = new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody")
        {
            TypedSearchAttributes = new SearchAttributeCollection.Builder().Set(TaggedWorkflow.Team, "typed").ToSearchAttributeCollection(),
        };
        await client.StartWorkflowAsync((TaggedWorkflow w) => w.RunAsync(""), options);

        var listed = await client.WorkflowService.ListWorkflowExecutionsAsync(new ListWorkflowExecutionsRequest { Namespace = "default", Query = $"WorkflowId = '{options.Id}'" });

        Assert.Equal("Keyword", Assert.Single(listed.Executions).SearchAttributes.IndexedFields["Team"].Metadata["type"].ToStringUtf8());
    }

    [Fact]
    public async Task Runs_are_counted_in_all_and_by_status()
    {
        var client = await fixture.ConnectAsync();
        var prefix = $"counted-{Guid.NewGuid():N}";
        var handles = new List<WorkflowHandle>();
        for (var i = 0; i < 5; i++)
        {
            handles.Add(await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"{prefix}-{i}", "nobody")));
        }

        await handles[0].TerminateAsync();
        await handles[3].TerminateAsync();

        Assert.Equal(5, (await client.CountWorkflowsAsync($"WorkflowId STARTS_WITH '{prefix}'")).Count);
        var grouped = await client.CountWorkflowsAsync($"WorkflowId STARTS_WITH '{prefix}' GROUP BY ExecutionStatus");
        Assert.Equal(5, grouped.Count);
        Assert.Equal([("Running", 3L), ("Terminated", 2L)], grouped.Groups.Select(g => ((string)g.GroupValues.Single(), g.Count)));
        // Open runs first, the last one to start before the others; then those that are closed, by their end.
        var order = await NamesAsync(client, $"WorkflowId STARTS_WITH '{prefix}'");
        Assert.Equal([4, 2, 1, 3, 0], order.Select(id => id[^1] - '0'));
    }

    [Fact]
    public async Task A_page_goes_on_where_the_last_one_ended_and_its_token_is_good_for_its_list_alone()
    {
        var client = await fixture.ConnectAsync();
        var prefix = $"paged-{Guid.NewGuid():N}";
        for (var i = 0; i < 5; i++)
        {
            await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"{prefix}-{i}", "nobody"));
        }

        var request = new ScanWorkflowExecutionsRequest { Namespace = "default", Query = $"WorkflowId STARTS_WITH '{prefix}'", PageSize = 2 };
        var pages = new List<ScanWorkflowExecutionsResponse>();
        do
        {
            pages.Add(await client.WorkflowService.ScanWorkflowExecutionsAsync(request));
            request.NextPageToken = pages[^1].NextPageToken;
        }
        while (request.NextPageToken.Length > 0);

        Assert.Equal([4, 3, 2, 1, 0], pages.SelectMany(p => p.Executions).Select(e => e.Execution.WorkflowId[^1] - '0'));
        Assert.Equal([2, 2, 1], pages.Select(p => p.Executions.Count));
        foreach (var (query, token) in new[] { ("WorkflowType = 'Any'", pages[0].NextPageToken), (request.Query, ByteString.CopyFromUtf8("{}")), (request.Query, ByteString.CopyFromUtf8("any")) })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.ListWorkflowExecutionsAsync(
                new ListWorkflowExecutionsRequest { Namespace = "default", Query = query, NextPageToken = token }));
            Assert.Equal(RpcException.StatusCode.InvalidArgument, refused.Code);
            Assert.StartsWith("Invalid NextPageToken", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Open_and_closed_runs_are_listed_by_their_filters()
    {
        var client = await fixture.ConnectAsync();
        var id = $"wf-{Guid.NewGuid():N}";
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions(id, "nobody"));
        var start = (await handle.DescribeAsync()).StartTime;
        Task<ListOpenWorkflowExecutionsResponse> OpenAsync(DateTime earliest) => client.WorkflowService.ListOpenWorkflowExecutionsAsync(new ListOpenWorkflowExecutionsRequest
        {
            Namespace = "default", ExecutionFilter = new() { WorkflowId = id }, StartTimeFilter = new() { EarliestTime = Timestamp.FromDateTime(earliest) },
        });
        Task<ListClosedWorkflowExecutionsResponse> ClosedAsync(WorkflowExecutionStatus status) => client.WorkflowService.ListClosedWorkflowExecutionsAsync(
            new ListClosedWorkflowExecutionsRequest { Namespace = "default", StatusFilter = new() { Status = status }, StartTimeFilter = new() { EarliestTime = Timestamp.FromDateTime(start) } });

        Assert.Equal(id, Assert.Single((await OpenAsync(start)).Executions).Execution.WorkflowId);
        Assert.Empty((await OpenAsync(start.AddHours(1))).Executions);

        await handle.TerminateAsync();
        Assert.Empty((await OpenAsync(start)).Executions);
        Assert.Contains(id, (await ClosedAsync(WorkflowExecutionStatus.Terminated)).Executions.Select(e => e.Execution.WorkflowId));
        Assert.DoesNotContain(id, (await ClosedAsync(WorkflowExecutionStatus.Failed)).Executions.Select(e => e.Execution.WorkflowId));
        Assert.Equal(RpcException.StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => ClosedAsync(WorkflowExecutionStatus.Running))).Code);
    }

    [Fact]
    public async Task A_query_that_cannot_be_answered_is_refused_with_its_place()
    {
        var client = await fixture.ConnectAsync();

        var refused = await Assert.ThrowsAsync<RpcException>(() => NamesAsync(client, "WorkflowId = 'x' ORDER BY StartTime"));
        var group = await Assert.ThrowsAsync<RpcException>(() => client.CountWorkflowsAsync("GROUP BY WorkflowType"));

        Assert.Equal(RpcException.StatusCode.InvalidArgument, refused.Code);
        Assert.StartsWith("Invalid query at position 18: ORDER BY is not supported", refused.Message, StringComparison.Ordinal);
        Assert.Equal((RpcException.StatusCode.InvalidArgument, "Invalid query: GROUP BY takes ExecutionStatus alone, not WorkflowType."), (group.Code, group.Message));
    }

    [Fact]
    public async Task An_attribute_that_is_not_of_its_type_is_refused()
    {
        var client = await SearchedAsync();
        var refused = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.StartWorkflowExecutionAsync(new StartWorkflowExecutionRequest
        {
            Namespace = "default", WorkflowId = $"wf-{Guid.NewGuid():N}", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "nobody" },
            SearchAttributes = new() { IndexedFields = { ["Size"] = new() { Data = ByteString.CopyFromUtf8("\"large\""), Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") } } } },
        }));

        Assert.Equal((RpcException.StatusCode.InvalidArgument, "invalid value for search attribute Size of type Int: it must be a whole number of 64 bits."), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task A_token_of_one_namespace_lists_no_other()
    {
        var everywhere = await fixture.ConnectAsync(await FrontendTests.IssueAsync(fixture.Host, $"lists-{Guid.NewGuid():N}", "viewer"));
        var elsewhere = await fixture.ConnectAsync(await FrontendTests.IssueAsync(fixture.Host, $"lists-{Guid.NewGuid():N}", "viewer", "elsewhere"));

        await NamesAsync(everywhere, "WorkflowId = 'x'");
        var refused = await Assert.ThrowsAsync<RpcException>(() => NamesAsync(elsewhere, "WorkflowId = 'x'"));

        Assert.Equal((RpcException.StatusCode.PermissionDenied, "the token is for namespace elsewhere alone"), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task Nothing_starts_in_a_namespace_that_is_deprecated_and_what_runs_goes_on()
    {
        var client = await fixture.ConnectAsync();
        var name = $"old-{Guid.NewGuid():N}";
        await client.WorkflowService.RegisterNamespaceAsync(new RegisterNamespaceRequest { Namespace = name, WorkflowExecutionRetentionPeriod = Duration.FromTimeSpan(TimeSpan.FromDays(1)) });
        Task StartAsync(string id) => client.WorkflowService.StartWorkflowExecutionAsync(
            new StartWorkflowExecutionRequest { Namespace = name, WorkflowId = id, WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "nobody" } });
        await StartAsync("running");

        await client.WorkflowService.DeprecateNamespaceAsync(new DeprecateNamespaceRequest { Namespace = name });

        var refused = await Assert.ThrowsAsync<RpcException>(() => StartAsync("late"));
        Assert.Equal((RpcException.StatusCode.FailedPrecondition, "Namespace has invalid state: Deprecated. Must be Registered."), (refused.Code, refused.Message));
        Assert.Equal(NamespaceState.Deprecated, refused.GrpcStatus.Value!.Details.Single().Unpack<NamespaceInvalidStateFailure>().State);
        await client.WorkflowService.SignalWorkflowExecutionAsync(new SignalWorkflowExecutionRequest { Namespace = name, WorkflowExecution = new() { WorkflowId = "running" }, SignalName = "any" });
    }

    private static async Task<WorkflowExecution?> OneAsync(TemporalClient client, string query)
    {
        var found = new List<WorkflowExecution>();
        await foreach (var run in client.ListWorkflowsAsync(query).WithCancellation(Ct))
        {
            found.Add(run);
        }

        return found.SingleOrDefault();
    }

    private static async Task<List<string>> NamesAsync(TemporalClient client, string query)
    {
        var ids = new List<string>();
        await foreach (var run in client.ListWorkflowsAsync(query).WithCancellation(Ct))
        {
            ids.Add(run.Id);
        }

        return ids;
    }

    /// <summary>A client whose namespace has the attributes of the samples.</summary>
    private async Task<TemporalClient> SearchedAsync()
    {
        var client = await fixture.ConnectAsync();
        await client.OperatorService.AddSearchAttributesAsync(new AddSearchAttributesRequest
        {
            Namespace = "default", SearchAttributes = { ["Team"] = IndexedValueType.Keyword, ["Size"] = IndexedValueType.Int },
        });
        return client;
    }
}
