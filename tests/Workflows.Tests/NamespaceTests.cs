using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.Namespace.V1;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests;

/// <summary>Namespaces by Temporal's API, and as the resources that they are.</summary>
public sealed class NamespaceTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_default_namespace_is_there_from_the_start_and_keeps_closed_executions_three_days()
    {
        var client = await fixture.ConnectAsync();

        var found = await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" });

        Assert.Equal((NamespaceState.Registered, TimeSpan.FromDays(3)), (found.NamespaceInfo.State, found.Config.WorkflowExecutionRetentionTtl.ToTimeSpan()));
        var byId = await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Id = found.NamespaceInfo.Id });
        Assert.Equal("default", byId.NamespaceInfo.Name);
        // What is not there yet is not advertised.
        Assert.Equal(new NamespaceInfo.Types.Capabilities { EagerWorkflowStart = true, SyncUpdate = true, AsyncUpdate = true, WorkerPollCompleteOnShutdown = true, WorkerHeartbeats = true, StandaloneNexusOperation = true, StandaloneActivities = true, StandaloneActivityStartDelay = true }, found.NamespaceInfo.Capabilities);
    }

    [Fact]
    public async Task A_namespace_is_registered_changed_deprecated_and_deleted_and_each_step_is_in_the_ledger()
    {
        var client = await fixture.ConnectAsync();
        await client.WorkflowService.RegisterNamespaceAsync(new RegisterNamespaceRequest
        {
            Namespace = "Claims_Handling", Description = "adjudication", OwnerEmail = "claims@example.com", WorkflowExecutionRetentionPeriod = Duration.FromTimeSpan(TimeSpan.FromHours(36)),
            Data = { ["team"] = "claims" },
        });

        var changed = await client.WorkflowService.UpdateNamespaceAsync(new UpdateNamespaceRequest
        {
            Namespace = "Claims_Handling", UpdateInfo = new UpdateNamespaceInfo { Description = "seven days", Data = { ["tier"] = "1" } },
            Config = new NamespaceConfig { WorkflowExecutionRetentionTtl = Duration.FromTimeSpan(TimeSpan.FromDays(10)) },
        });
        await client.WorkflowService.DeprecateNamespaceAsync(new DeprecateNamespaceRequest { Namespace = "Claims_Handling" });
        var found = await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "Claims_Handling" });

        Assert.Equal(("seven days", "claims@example.com", NamespaceState.Deprecated), (found.NamespaceInfo.Description, found.NamespaceInfo.OwnerEmail, found.NamespaceInfo.State));
        Assert.Equal(changed.NamespaceInfo.Data, found.NamespaceInfo.Data);
        Assert.Equal(2, found.NamespaceInfo.Data.Count);
        Assert.Equal(TimeSpan.FromDays(10), found.Config.WorkflowExecutionRetentionTtl.ToTimeSpan());

        Assert.Equal("Claims_Handling", (await client.OperatorService.DeleteNamespaceAsync(new DeleteNamespaceRequest { Namespace = "Claims_Handling" })).DeletedNamespace);
        await NotFoundAsync(() => client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "Claims_Handling" }), "Claims_Handling");
        using var rest = fixture.Host.Client();
        var history = await rest.GetFromJsonAsync<JsonObject>("/api/v1/history/workflownamespaces.workflows.flagstone.dev/Claims_Handling", Ct);
        Assert.Equal(["delete", "update", "update", "create"], history!["items"]!.AsArray().Select(i => i!["verb"]!.ToString()));
        Assert.All(history["items"]!.AsArray(), i => Assert.Equal("temporal", i!["origin"]!.ToString()));
    }

    [Fact]
    public async Task Namespaces_are_listed_page_by_page_and_are_resources_for_kubectl()
    {
        var client = await fixture.ConnectAsync();
        using var kubectl = fixture.Host.KubernetesClient();
        using var made = await kubectl.PostAsJsonAsync("/apis/workflows.flagstone.dev/v1alpha1/workflownamespaces", new JsonObject
        {
            ["apiVersion"] = "workflows.flagstone.dev/v1alpha1", ["kind"] = "WorkflowNamespace", ["metadata"] = new JsonObject { ["name"] = "by-kubectl" },
            ["spec"] = new JsonObject { ["retention"] = "24h0m0s" },
        }, Ct);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Ct));

        var names = new List<string>();
        var token = Google.Protobuf.ByteString.Empty;
        do
        {
            var page = await client.WorkflowService.ListNamespacesAsync(new ListNamespacesRequest { PageSize = 1, NextPageToken = token });
            names.Add(Assert.Single(page.Namespaces).NamespaceInfo.Name);
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.Contains("by-kubectl", names);
        Assert.Contains("default", names);
        Assert.Equal(names.Count, names.Distinct().Count());
    }

    [Fact]
    public async Task Bad_registrations_are_refused_with_the_errors_that_SDKs_read()
    {
        var client = await fixture.ConnectAsync();
        Task RegisterAsync(string name, TimeSpan? retention) => client.WorkflowService.RegisterNamespaceAsync(new RegisterNamespaceRequest
        {
            Namespace = name, WorkflowExecutionRetentionPeriod = retention is { } time ? Duration.FromTimeSpan(time) : null,
        });

        Assert.Equal(RpcException.StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => RegisterAsync("", TimeSpan.FromDays(1)))).Code);
        Assert.Equal(RpcException.StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => RegisterAsync("forever", null))).Code);
        Assert.Equal(RpcException.StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => RegisterAsync("brief", TimeSpan.FromMinutes(1)))).Code);
        Assert.Equal(RpcException.StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => RegisterAsync("a/b", TimeSpan.FromDays(1)))).Code);
        var twice = await Assert.ThrowsAsync<RpcException>(() => RegisterAsync("default", TimeSpan.FromDays(1)));
        Assert.Equal(RpcException.StatusCode.AlreadyExists, twice.Code);
        Assert.True(twice.GrpcStatus.Value!.Details.Single().Is(NamespaceAlreadyExistsFailure.Descriptor));
    }

    [Fact]
    public async Task Who_may_not_administer_reads_and_changes_nothing()
    {
        var viewer = await fixture.ConnectAsync(await FrontendTests.IssueAsync(fixture.Host, "workflow-viewer", "viewer"));

        Assert.Equal("default", (await viewer.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" })).NamespaceInfo.Name);
        var refused = await Assert.ThrowsAsync<RpcException>(() => viewer.WorkflowService.RegisterNamespaceAsync(
            new RegisterNamespaceRequest { Namespace = "theirs", WorkflowExecutionRetentionPeriod = Duration.FromTimeSpan(TimeSpan.FromDays(1)) }));

        Assert.Equal(RpcException.StatusCode.PermissionDenied, refused.Code);
        Assert.True(refused.GrpcStatus.Value!.Details.Single().Is(PermissionDeniedFailure.Descriptor));
    }

    [Fact]
    public async Task Search_attributes_are_added_listed_and_removed_and_keep_their_type()
    {
        var client = await fixture.ConnectAsync();
        await client.WorkflowService.RegisterNamespaceAsync(new RegisterNamespaceRequest { Namespace = "searched", WorkflowExecutionRetentionPeriod = Duration.FromTimeSpan(TimeSpan.FromDays(1)) });
        Task AddAsync(string name, IndexedValueType type) => client.OperatorService.AddSearchAttributesAsync(new AddSearchAttributesRequest { Namespace = "searched", SearchAttributes = { [name] = type } });

        await AddAsync("Insured", IndexedValueType.Keyword);
        await AddAsync("Insured", IndexedValueType.Keyword);
        await AddAsync("Amount", IndexedValueType.Double);
        Assert.Equal(RpcException.StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => AddAsync("Amount", IndexedValueType.Int))).Code);
        Assert.Equal(RpcException.StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => AddAsync("WorkflowId", IndexedValueType.Keyword))).Code);

        var listed = await client.OperatorService.ListSearchAttributesAsync(new ListSearchAttributesRequest { Namespace = "searched" });
        Assert.Equal(["Amount", "Insured"], listed.CustomAttributes.Keys.Order());
        Assert.Equal(IndexedValueType.Datetime, listed.SystemAttributes["CloseTime"]);

        await client.OperatorService.RemoveSearchAttributesAsync(new RemoveSearchAttributesRequest { Namespace = "searched", SearchAttributes = { "Amount" } });
        listed = await client.OperatorService.ListSearchAttributesAsync(new ListSearchAttributesRequest { Namespace = "searched" });
        Assert.Equal(["Insured"], listed.CustomAttributes.Keys);
    }

    private static async Task NotFoundAsync(Func<Task> call, string name)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(RpcException.StatusCode.NotFound, refused.Code);
        Assert.Equal(name, refused.GrpcStatus.Value!.Details.Single().Unpack<NamespaceNotFoundFailure>().Namespace);
    }
}
