using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Queries, answered by a worker that has the run in its cache, by one that has not, and after the end.</summary>
public sealed class QueryTests(HostFixture fixture)
{
    [Fact]
    public async Task A_query_shows_what_was_signalled_before_it()
    {
        var client = await fixture.ConnectAsync();
        await using var first = RunningWorker.Start(client);
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), first.Options());

        await handle.SignalAsync(w => w.HearAsync("one"));
        Assert.Equal("one", await handle.QueryAsync(w => w.Heard()));
        await handle.SignalAsync(w => w.HearAsync("two"));
        Assert.Equal("one,two", await handle.QueryAsync(w => w.Heard()));

        await first.DisposeAsync();
        await using var second = RunningWorker.Start(client, first.Queue);
        await handle.SignalAsync(w => w.EndAsync());
        await handle.GetResultAsync();
        Assert.Equal("one,two", await handle.QueryAsync(w => w.Heard()));
        Assert.DoesNotContain("Failed", (await handle.ReplayedAsync()).Types(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_goes_with_the_workflow_task_that_is_open_and_is_not_lost_when_that_fails()
    {
        var client = await fixture.ConnectAsync();
        var queue = $"queue-{Guid.NewGuid():N}";
        var handle = await client.StartWorkflowAsync("Any", [], new WorkflowOptions($"wf-{Guid.NewGuid():N}", queue));
        var asked = handle.QueryAsync<string>("how", []);
        var service = client.WorkflowService;

        // The query may come when the first task is started already: then it goes with the attempt after that.
        var task = await PollAsync();
        while (task.Queries.Count == 0)
        {
            await service.RespondWorkflowTaskCompletedAsync(new() { Namespace = "default", TaskToken = task.TaskToken, ForceCreateNewWorkflowTask = true });
            task = await PollAsync();
        }

        await service.RespondWorkflowTaskFailedAsync(new() { Namespace = "default", TaskToken = task.TaskToken, Cause = WorkflowTaskFailedCause.WorkflowWorkerUnhandledFailure });
        var again = await PollAsync();
        var (id, query) = Assert.Single(again.Queries);
        Assert.Equal("how", query.QueryType);
        await service.RespondWorkflowTaskCompletedAsync(new()
        {
            Namespace = "default", TaskToken = again.TaskToken,
            QueryResults = { [id] = new() { ResultType = QueryResultType.Answered, Answer = new() { Payloads_ = { client.Options.DataConverter.PayloadConverter.ToPayload("well") } } } },
        });

        Assert.Equal("well", await asked);
        Assert.EndsWith("WorkflowTaskFailed WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted", (await handle.FetchHistoryAsync()).Types(), StringComparison.Ordinal);
        await handle.TerminateAsync();

        async Task<PollWorkflowTaskQueueResponse> PollAsync() => await service.PollWorkflowTaskQueueAsync(new() { Namespace = "default", TaskQueue = new() { Name = queue } });
    }

    [Fact]
    public async Task A_query_that_no_task_answers_is_asked_directly()
    {
        var client = await fixture.ConnectAsync();
        var queue = $"queue-{Guid.NewGuid():N}";
        var handle = await client.StartWorkflowAsync("Any", [], new WorkflowOptions($"wf-{Guid.NewGuid():N}", queue));
        var asked = handle.QueryAsync<string>("how", []);
        var service = client.WorkflowService;
        var seen = 0;

        // A worker that does not know what is attached leaves it unanswered.
        var task = await PollAsync();
        while (task.Query is null)
        {
            seen++;
            await service.RespondWorkflowTaskCompletedAsync(new() { Namespace = "default", TaskToken = task.TaskToken });
            task = await PollAsync();
        }

        Assert.Equal(("how", 1), (task.Query.QueryType, seen));
        await service.RespondQueryTaskCompletedAsync(new()
        {
            Namespace = "default", TaskToken = task.TaskToken, CompletedType = QueryResultType.Failed, ErrorMessage = "unknown",
        });
        Assert.Contains("unknown", (await Assert.ThrowsAsync<WorkflowQueryFailedException>(() => asked)).Message, StringComparison.Ordinal);
        await handle.TerminateAsync();

        async Task<PollWorkflowTaskQueueResponse> PollAsync() => await service.PollWorkflowTaskQueueAsync(new() { Namespace = "default", TaskQueue = new() { Name = queue } });
    }

    [Fact]
    public async Task A_query_that_fails_says_why_and_harms_nothing()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), worker.Options());

        var failed = await Assert.ThrowsAsync<WorkflowQueryFailedException>(() => handle.QueryAsync(w => w.Broken()));

        Assert.Contains("This query never works.", failed.Message, StringComparison.Ordinal);
        await handle.SignalAsync(w => w.EndAsync());
        Assert.Equal("", await handle.GetResultAsync());
    }
}
