using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Workflows.Tests.Processes;
using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.People.Outside;

/// <summary>Workflows at a Temporal server elsewhere that ask people here, with a real worker there and real people's tokens here.</summary>
public sealed class OutsideTests(OutsideHosts hosts) : IClassFixture<OutsideHosts>
{
    /// <summary>Milliseconds; the platform looks after a third of it what became of a task.</summary>
    private const int Heartbeat = 3_000;

    private const string Begin = "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted";
    private const string Step = "WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted";
    private const string Decision = $"ActivityTaskScheduled ActivityTaskStarted ActivityTaskCompleted {Step}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_people_decide_here_is_the_result_of_the_activity_there()
    {
        await using var worker = await WorkerAsync();
        var (name, ada) = await Inbox.OfAsync(hosts.Here, "ada");
        var (other, bob) = await Inbox.OfAsync(hosts.Here, "bob");
        var handle = await StartAsync(worker, 0, HumanTaskTests.Request($"user:{name}"), HumanTaskTests.Request($"user:{name}"));

        var first = await Inbox.TaskOfAsync(handle);
        var asked = await OutsideHosts.UntilAsync(ada, first);
        Assert.Equal(("default", "", "open"), (asked["namespace"]!.ToString(), asked["startedBy"]!.ToString(), asked["state"]!.ToString()));
        Assert.Equal([first], (await ada.ListAsync("mine=true")).Where(id => id == first));
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.DecideAsync(first)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.DecideAsync(first, "maybe")).Status);
        Assert.Equal(HttpStatusCode.OK, (await ada.DecideAsync(first, reason: "checked")).Status);
        Assert.Equal(HttpStatusCode.OK, (await ada.DecideAsync(first, reason: "once more")).Status);
        var (late, why) = await ada.DecideAsync(first, "reject");
        Assert.Equal(HttpStatusCode.Conflict, late);
        Assert.Contains($"'{name}' decided 'approve' at ", why["detail"]!.ToString(), StringComparison.Ordinal);
        var second = await Inbox.TaskOfAsync(handle, 2);
        await OutsideHosts.UntilAsync(ada, second);
        Assert.Equal(HttpStatusCode.OK, (await ada.DelegateAsync(second, $"user:{other}")).Status);
        Assert.Contains(second, await bob.ListAsync("mine=true"));
        Assert.Equal(HttpStatusCode.OK, (await bob.DecideAsync(second, "reject", "too dear")).Status);

        Assert.Equal($"approve by {name}: checked; reject by {other} for {name}: too dear", await handle.GetResultAsync());
        var history = await handle.ReplayedAsync();
        Assert.Equal($"{Begin} {Decision} {Decision} WorkflowExecutionCompleted", history.Types());
        Assert.Equal(
            [$"{name} by flagstone-people", $"{other} by flagstone-people"],
            history.Events.Where(e => e.EventType == EventType.ActivityTaskCompleted).Select(e => e.ActivityTaskCompletedEventAttributes.Identity));
        Assert.Equal(
            ["decide reject: too dear", $"delegate to user:{other}: away", "decide approve: checked"], await LedgerAsync(handle.ResultRunId!));
        Assert.Equal("decided", (await ada.GetAsync(second)).Body["state"]!.ToString());
    }

    [Fact]
    public async Task Whom_the_platform_started_the_run_for_decides_nothing_of_it()
    {
        var (name, own) = await Inbox.OfAsync(hosts.Here, "ann", "developer");
        var (other, another) = await Inbox.OfAsync(hosts.Here, "ada", "developer");
        await using var worker = await WorkerAsync();
        var named = await TemporalClient.ConnectAsync(new($"127.0.0.1:{hosts.Server.TemporalPort}")
        {
            ApiKey = hosts.Server.Token, Tls = new() { Disabled = true }, Identity = $"{name} by flagstone-console",
        });
        string[] requests = [HumanTaskTests.Request("role:developer")];
        var handle = await named.StartWorkflowAsync((OutsideApprovalWorkflow w) => w.RunAsync(requests, 0, 0), worker.Options());
        var id = await Inbox.TaskOfAsync(handle);

        Assert.Equal(name, (await OutsideHosts.UntilAsync(own, id))["startedBy"]!.ToString());
        Assert.DoesNotContain(id, await own.ListAsync("mine=true"));
        var (status, body) = await own.DecideAsync(id);
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.EndsWith("You started this run, so another person decides.", body["detail"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await another.DecideAsync(id)).Status);
        Assert.Equal($"approve by {other}: fine", await handle.GetResultAsync());
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task What_the_workflow_withdraws_is_cancelled_and_leaves_the_inbox()
    {
        await using var worker = await WorkerAsync();
        var (_, ada) = await Inbox.OfAsync(hosts.Here, "ada");
        var handle = await StartAsync(worker, Heartbeat, HumanTaskTests.Request("role:approver"));
        var id = await Inbox.TaskOfAsync(handle);
        await OutsideHosts.UntilAsync(ada, id);

        await handle.SignalAsync(w => w.WithdrawAsync());

        Assert.Equal("withdrawn", await handle.GetResultAsync());
        await OutsideHosts.UntilAsync(ada, id, "cancelled");
        Assert.DoesNotContain(id, await ada.ListAsync("mine=true"));
        Assert.Contains("The workflow needed it no longer", (await ada.DecideAsync(id)).Body["detail"]!.ToString(), StringComparison.Ordinal);
        var history = await handle.ReplayedAsync();
        Assert.Equal(
            $"{Begin} ActivityTaskScheduled WorkflowExecutionSignaled {Step} "
            + $"ActivityTaskCancelRequested ActivityTaskStarted ActivityTaskCanceled {Step} WorkflowExecutionCompleted",
            history.Types());
        var cancelled = history.Events.Single(e => e.EventType == EventType.ActivityTaskCanceled);
        Assert.Equal("flagstone-people", cancelled.ActivityTaskCanceledEventAttributes.Identity);
    }

    [Fact]
    public async Task A_deadline_that_passes_and_a_run_that_is_terminated_there_end_the_task_here()
    {
        await using var worker = await WorkerAsync();
        var (_, ada) = await Inbox.OfAsync(hosts.Here, "ada");
        var late = await StartAsync(worker, Heartbeat, HumanTaskTests.Request("role:approver"));
        var ended = await StartAsync(worker, Heartbeat, HumanTaskTests.Request("role:approver"));
        var (ofLate, ofEnded) = (await Inbox.TaskOfAsync(late), await Inbox.TaskOfAsync(ended));
        await OutsideHosts.UntilAsync(ada, ofLate);
        await OutsideHosts.UntilAsync(ada, ofEnded);

        await worker.Client.WorkflowService.UpdateActivityOptionsAsync(new()
        {
            Namespace = "default", Execution = new() { WorkflowId = late.Id }, Type = "approval",
            ActivityOptions = new() { ScheduleToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1)) },
            UpdateMask = new() { Paths = { "schedule_to_close_timeout" } },
        });
        await ended.TerminateAsync();

        Assert.Equal("timed out: ScheduleToClose", await late.GetResultAsync());
        await OutsideHosts.UntilAsync(ada, ofLate, "timedOut");
        await OutsideHosts.UntilAsync(ada, ofEnded, "runEnded");
        var open = await ada.ListAsync("mine=true");
        Assert.DoesNotContain(ofLate, open);
        Assert.DoesNotContain(ofEnded, open);
        Assert.Contains("Its run ended", (await ada.DecideAsync(ofEnded)).Body["detail"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            $"{Begin} ActivityTaskScheduled ActivityTaskStarted ActivityTaskTimedOut {Step} WorkflowExecutionCompleted",
            (await late.ReplayedAsync()).Types());
        Assert.Equal($"{Begin} ActivityTaskScheduled WorkflowExecutionTerminated", (await ended.ReplayedAsync()).Types());
    }

    [Fact]
    public async Task A_decision_that_comes_too_late_says_so_and_is_taken_back()
    {
        await using var worker = await WorkerAsync();
        var (name, ada) = await Inbox.OfAsync(hosts.Here, "ada");
        var handle = await StartAsync(worker, 0, HumanTaskTests.Request("role:approver"));
        var id = await Inbox.TaskOfAsync(handle);
        await OutsideHosts.UntilAsync(ada, id);
        await handle.TerminateAsync();

        var (status, body) = await ada.DecideAsync(id);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("Its run ended", body["detail"]!.ToString(), StringComparison.Ordinal);
        var task = (await ada.GetAsync(id)).Body;
        Assert.Equal(("runEnded", null), (task["state"]!.ToString(), task["decision"]));
        var rows = await LedgerAsync(handle.ResultRunId!);
        if (rows.Count == 0)
        {
            // The platform, which looks each half minute, saw the end of the run before.
            return;
        }

        Assert.Equal("decide approve: fine", rows[1]);
        Assert.StartsWith($"undelivered 'approve' by {name} did not reach the workflow: Its run ended", rows[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Somebody_who_completes_it_at_the_server_is_not_taken_for_a_decision_here()
    {
        await using var worker = await WorkerAsync();
        var (_, ada) = await Inbox.OfAsync(hosts.Here, "ada");
        var handle = await StartAsync(worker, Heartbeat, HumanTaskTests.Request("role:approver"));
        var id = await Inbox.TaskOfAsync(handle);
        await OutsideHosts.UntilAsync(ada, id);

        await worker.Client.GetAsyncActivityHandle(handle.Id, handle.ResultRunId!, "1")
            .CompleteAsync(new Decided("approve", "by hand", "eve", DateTimeOffset.UnixEpoch));

        Assert.Equal("approve by eve: by hand", await handle.GetResultAsync());
        Assert.Null((await OutsideHosts.UntilAsync(ada, id, "endedElsewhere"))["decision"]);
        Assert.Contains("at the Temporal server itself", (await ada.DecideAsync(id)).Body["detail"]!.ToString(), StringComparison.Ordinal);
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task A_request_that_cannot_be_read_fails_the_activity_for_good()
    {
        await using var worker = await WorkerAsync();
        var handle = await StartAsync(worker, 0, """{ "title": "Deploy?" }""");

        Assert.EndsWith(
            "assignees is empty. Name at least one, as 'user:NAME', 'team:NAME' or 'role:ROLE'.", await handle.GetResultAsync(), StringComparison.Ordinal);
        Assert.Equal(
            $"{Begin} ActivityTaskScheduled ActivityTaskStarted ActivityTaskFailed {Step} WorkflowExecutionCompleted",
            (await handle.ReplayedAsync()).Types());
    }

    [Fact]
    public async Task Attempts_of_an_activity_are_one_task_and_what_was_decided_between_them_is_told_the_next_one()
    {
        await using var worker = await WorkerAsync();
        var (name, ada) = await Inbox.OfAsync(hosts.Here, "ada");
        string[] requests = [HumanTaskTests.Request($"user:{name}")];
        var handle = await worker.Client.StartWorkflowAsync((OutsideApprovalWorkflow w) => w.RunAsync(requests, 0, 500), worker.Options());
        var id = await Inbox.TaskOfAsync(handle);
        await OutsideHosts.UntilAsync(ada, id);
        await PendingAsync(worker, handle, a => a is { Attempt: > 1, State: PendingActivityState.Scheduled });

        Assert.Equal([id], await ada.ListAsync("mine=true"));
        Assert.Equal(HttpStatusCode.OK, (await ada.DecideAsync(id)).Status);

        Assert.Equal($"approve by {name}: fine", await handle.GetResultAsync());
        Assert.Equal($"{Begin} {Decision} WorkflowExecutionCompleted", (await handle.ReplayedAsync()).Types());
    }

    [Fact]
    public async Task What_the_server_gave_to_a_process_that_died_is_found_again()
    {
        await using var worker = await WorkerAsync();
        var (name, ada) = await Inbox.OfAsync(hosts.Here, "ada");
        await hosts.Here.KillAsync();
        var handle = await StartAsync(worker, 0, HumanTaskTests.Request($"user:{name}"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        // Who takes it never answers, as one that is killed.
        var given = worker.Client.WorkflowService.PollActivityTaskQueueAsync(
            new() { Namespace = "default", TaskQueue = new() { Name = "flagstone-people" }, Identity = "dies" }, new() { CancellationToken = stop.Token });
        await PendingAsync(worker, handle, a => a.State == PendingActivityState.Started);
        await stop.CancelAsync();
        await Task.WhenAny(given);

        await hosts.Here.StartAgainAsync(Ct);

        var id = await Inbox.TaskOfAsync(handle);
        await OutsideHosts.UntilAsync(ada, id);
        Assert.Equal(HttpStatusCode.OK, (await ada.DecideAsync(id)).Status);
        Assert.Equal($"approve by {name}: fine", await handle.GetResultAsync());
        Assert.Equal($"{Begin} {Decision} WorkflowExecutionCompleted", (await handle.ReplayedAsync()).Types());
    }

    [Fact]
    public async Task People_are_told_when_they_are_asked_and_when_the_workflow_has_the_decision()
    {
        await using var worker = await WorkerAsync();
        var (name, ada) = await Inbox.OfAsync(hosts.Here, "ada");
        var handle = await StartAsync(worker, 0, HumanTaskTests.Request($"user:{name}"));
        var id = await Inbox.TaskOfAsync(handle);

        await hosts.ToldAsync($"{id}.Asked");
        await ada.DecideAsync(id);

        await hosts.ToldAsync($"{id}.Decided");
        Assert.Equal($"approve by {name}: fine", await handle.GetResultAsync());
    }

    [Fact]
    public async Task The_platforms_own_processes_ask_people_by_the_server_elsewhere()
    {
        var (ada, owner) = await Inbox.OfAsync(hosts.Here, "ada", "developer");
        var (root, administrator) = await Inbox.OfAsync(hosts.Here, "root", "administrator");
        var carl = $"carl-{Guid.NewGuid():N}";
        var asking = new ProcessApi(hosts.Here, await FrontendTests.IssueAsync(hosts.Here, carl, "developer"));
        using var service = await ServiceToRetire.CreateAsync(hosts.Here, ada);
        await service.ReleaseAsync();
        var id = await asking.StartedAsync("retire-service", new JsonObject { ["service"] = service.Name, ["days"] = 0 });
        var run = await ProcessApi.RunAsync(hosts.Server, $"retire-service/default/{service.Name}", id, "flagstone-a");

        var first = await Inbox.TaskOfAsync(run);
        Assert.Equal(carl, (await OutsideHosts.UntilAsync(owner, first))["startedBy"]!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await owner.DecideAsync(first, reason: "nobody uses it")).Status);
        var second = await Inbox.TaskOfAsync(run, 2);
        await OutsideHosts.UntilAsync(administrator, second);
        Assert.Equal(HttpStatusCode.OK, (await administrator.DecideAsync(second, reason: $"{root} has a copy")).Status);

        Assert.Equal("completed", (await asking.EndedAsync(id))["state"]!.ToString());
        Assert.False(await service.HasNamespaceAsync());
        await run.ReplayedAsync();
    }

    private async Task<RunningWorker> WorkerAsync() => RunningWorker.Start(await HostFixture.ConnectAsync(hosts.Server));

    private static Task<WorkflowHandle<OutsideApprovalWorkflow, string>> StartAsync(RunningWorker worker, int heartbeat, params string[] requests) =>
        worker.Client.StartWorkflowAsync((OutsideApprovalWorkflow w) => w.RunAsync(requests, heartbeat, 0), worker.Options());

    /// <summary>Waits until the one activity of a run that is under way is as wanted.</summary>
    private static async Task PendingAsync(RunningWorker worker, WorkflowHandle handle, Func<PendingActivityInfo, bool> wanted)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var request = new DescribeWorkflowExecutionRequest { Namespace = "default", Execution = new() { WorkflowId = handle.Id } };
        while (!(await worker.Client.WorkflowService.DescribeWorkflowExecutionAsync(request)).PendingActivities.Any(wanted))
        {
            await pace.WaitForNextTickAsync(Ct);
        }
    }

    /// <summary>The latest first.</summary>
    private async Task<List<string>> LedgerAsync(string run)
    {
        using var http = hosts.Here.Client();
        var rows = await http.GetFromJsonAsync<JsonObject>($"/api/v1/history/workflowexecutions.workflows.flagstone.dev/default/{run}", Ct);
        return [.. rows!["items"]!.AsArray().Select(r => $"{r!["verb"]} {r["reason"]}")];
    }
}
