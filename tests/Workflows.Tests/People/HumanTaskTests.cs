using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Workflows.Tests.Resetting;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.People;

/// <summary>Workflows that ask people, with a real worker and real people's tokens.</summary>
public sealed class HumanTaskTests(HostFixture fixture)
{
    private const int Long = 600_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_decisions_by_three_people_take_a_workflow_to_its_end()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (user, ada) = await Inbox.OfAsync(fixture.Host, "ada");
        var (member, bob) = await Inbox.OfAsync(fixture.Host, "bob", "developer");
        var (auditor, carl) = await Inbox.OfAsync(fixture.Host, "carl");
        var team = await TeamAsync(member);
        var handle = await StartAsync(worker, Request($"user:{user}"), Request($"team:{team}"), Request("role:approver"));

        var first = await Inbox.TaskOfAsync(handle);
        Assert.Equal([first], (await ada.ListAsync("mine=true&limit=1")).Where(id => id == first));
        Assert.DoesNotContain(first, await bob.ListAsync("mine=true"));
        var (forbidden, why) = await bob.DecideAsync(first);
        Assert.Equal(HttpStatusCode.Forbidden, forbidden);
        Assert.Equal(
            $"Human task '{first}': You are none of those who may decide: user:{user}. One of them can delegate it to you.", why["detail"]!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await ada.DecideAsync(first, reason: "checked")).Status);
        var second = await Inbox.TaskOfAsync(handle, 2);
        Assert.Contains(second, await bob.ListAsync("mine=true"));
        Assert.Equal(HttpStatusCode.OK, (await bob.DecideAsync(second, "reject", "too dear")).Status);
        var third = await Inbox.TaskOfAsync(handle, 3);
        Assert.Contains(third, await carl.ListAsync("mine=true"));
        Assert.Equal(HttpStatusCode.OK, (await carl.DecideAsync(third)).Status);

        Assert.Equal($"approve by {user}: checked; reject by {member}: too dear; approve by {auditor}: fine", await handle.GetResultAsync());
        const string step = " ActivityTaskScheduled ActivityTaskStarted ActivityTaskCompleted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted";
        var history = await handle.ReplayedAsync();
        Assert.Equal(
            $"WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted{step}{step}{step} WorkflowExecutionCompleted",
            history.Types());
        var made = history.Events.Where(e => e.EventType is EventType.ActivityTaskStarted or EventType.ActivityTaskCompleted).ToList();
        Assert.Equal([user, user, member, member, auditor, auditor], made.Select(e => e.Principal.Name));
        Assert.Equal(
            ["close Completed", "decide approve: fine", "decide reject: too dear", "decide approve: checked"], await LedgerAsync(handle.ResultRunId!));
        Assert.Contains(first, await ada.ListAsync("state=closed&limit=2"));
        Assert.Equal("decided", (await ada.GetAsync(first)).Body["state"]!.ToString());
    }

    [Fact]
    public async Task Who_started_the_run_or_its_parent_decides_nothing_of_it()
    {
        var (name, own) = await Inbox.OfAsync(fixture.Host, "ann", "developer");
        var (other, another) = await Inbox.OfAsync(fixture.Host, "ada", "developer");
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var client = await fixture.ConnectAsync(await FrontendTests.IssueAsync(fixture.Host, name, "developer"));
        string[] requests = [Request("role:developer"), Request($"user:{name}", "\"starterMayDecide\": true")];
        var handle = await client.StartWorkflowAsync((ApprovalWorkflow w) => w.RunAsync(requests, Long), worker.Options());
        var parent = await client.StartWorkflowAsync((ApprovalParentWorkflow w) => w.RunAsync(Request("role:developer")), worker.Options());
        var ofChild = await Inbox.TaskOfAsync(await ChildAsync(client, parent));
        var id = await Inbox.TaskOfAsync(handle);

        Assert.DoesNotContain(id, await own.ListAsync("mine=true"));
        foreach (var task in (string[])[id, ofChild])
        {
            Assert.Equal("You started this run, so another person decides.", (await own.GetAsync(task)).Body["refusal"]!.ToString());
            Assert.Equal(HttpStatusCode.Forbidden, (await own.DecideAsync(task)).Status);
            Assert.Null((await another.GetAsync(task)).Body["refusal"]);
            Assert.Equal(HttpStatusCode.OK, (await another.DecideAsync(task)).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await own.DecideAsync(await Inbox.TaskOfAsync(handle, 2))).Status);
        Assert.Equal($"approve by {other}: fine; approve by {name}: fine", await handle.GetResultAsync());
        Assert.Equal($"approve by {other}: fine", await parent.GetResultAsync());
    }

    [Fact]
    public async Task The_same_decision_again_is_done_and_another_one_names_who_decided()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (name, ada) = await Inbox.OfAsync(fixture.Host, "ada");
        var (_, bob) = await Inbox.OfAsync(fixture.Host, "bob");
        var handle = await StartAsync(worker, Request("role:approver"));
        var id = await Inbox.TaskOfAsync(handle);

        Assert.Equal(HttpStatusCode.BadRequest, (await ada.DecideAsync(id, "maybe")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.DecideAsync(id, reason: "")).Status);
        Assert.Equal(HttpStatusCode.OK, (await ada.DecideAsync(id, reason: "checked")).Status);
        var (again, body) = await ada.DecideAsync(id, reason: "once more");
        Assert.Equal((HttpStatusCode.OK, "checked"), (again, body["decision"]!["reason"]!.ToString()));
        foreach (var late in (Task<(HttpStatusCode Status, JsonObject Body)>[])[
            ada.DecideAsync(id, "reject"), bob.DecideAsync(id), bob.DelegateAsync(id, $"user:{name}")])
        {
            Assert.Equal(HttpStatusCode.Conflict, (await late).Status);
            Assert.Contains($"'{name}' decided 'approve' at ", (await late).Body["detail"]!.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal($"approve by {name}: checked", await handle.GetResultAsync());
        Assert.Equal(HttpStatusCode.Conflict, (await bob.DecideAsync(id)).Status);
    }

    [Fact]
    public async Task Who_is_away_delegates_and_the_workflow_reads_for_whom_it_was_decided()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (name, ada) = await Inbox.OfAsync(fixture.Host, "ada");
        var (other, bob) = await Inbox.OfAsync(fixture.Host, "bob");
        var handle = await StartAsync(worker, Request($"user:{name}"));
        var id = await Inbox.TaskOfAsync(handle);

        Assert.Equal(HttpStatusCode.Forbidden, (await bob.DelegateAsync(id, $"user:{other}")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.DelegateAsync(id, "user:admin")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.DelegateAsync(id, "team:nobody-knows")).Status);
        Assert.Equal(HttpStatusCode.OK, (await ada.DelegateAsync(id, $"user:{other}")).Status);
        Assert.Equal([id], (await bob.ListAsync("mine=true")).Where(i => i == id));
        Assert.Equal(HttpStatusCode.OK, (await bob.DecideAsync(id)).Status);

        Assert.Equal($"approve by {other} for {name}: fine", await handle.GetResultAsync());
        Assert.Equal(["close Completed", "decide approve: fine", $"delegate to user:{other}: away"], await LedgerAsync(handle.ResultRunId!));
    }

    [Fact]
    public async Task A_deadline_that_passes_and_a_workflow_that_withdraws_end_the_task()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (_, ada) = await Inbox.OfAsync(fixture.Host, "ada");
        var late = await worker.Client.StartWorkflowAsync((ApprovalWorkflow w) => w.RunAsync(new[] { Request("role:approver") }, 200), worker.Options());
        var withdrawn = await StartAsync(worker, Request("role:approver"));
        var id = await Inbox.TaskOfAsync(withdrawn);

        Assert.Equal("timed out: ScheduleToClose", await late.GetResultAsync());
        await withdrawn.SignalAsync(w => w.WithdrawAsync());
        Assert.Equal("withdrawn", await withdrawn.GetResultAsync());

        Assert.Equal("timedOut", (await ada.GetAsync(await Inbox.TaskOfAsync(late))).Body["state"]!.ToString());
        Assert.Equal("cancelled", (await ada.GetAsync(id)).Body["state"]!.ToString());
        Assert.Contains("The workflow needed it no longer", (await ada.DecideAsync(id)).Body["detail"]!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(id, await ada.ListAsync("mine=true"));
        await late.ReplayedAsync();
        await withdrawn.ReplayedAsync();
    }

    [Fact]
    public async Task A_run_that_ends_takes_its_task_from_people_and_its_deletion_takes_it_away()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (name, ada) = await Inbox.OfAsync(fixture.Host, "ada");
        var handle = await StartAsync(worker, Request("role:approver"));
        var id = await Inbox.TaskOfAsync(handle);
        var next = (await worker.Client.WorkflowService.ResetWorkflowExecutionAsync(ResetTests.Request(handle, 4))).RunId;
        var again = worker.Client.GetWorkflowHandle(handle.Id, next);
        var anew = await Inbox.TaskOfAsync(again);

        Assert.Equal("runEnded", (await ada.GetAsync(id)).Body["state"]!.ToString());
        Assert.Contains("Its run ended, or was reset", (await ada.DecideAsync(id)).Body["detail"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal("admin", (await ada.GetAsync(anew)).Body["startedBy"]!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await ada.DecideAsync(anew)).Status);
        Assert.Equal($"approve by {name}: fine", await worker.Client.GetWorkflowHandle<ApprovalWorkflow, string>(handle.Id, next).GetResultAsync());
        await worker.Client.WorkflowService.DeleteWorkflowExecutionAsync(
            new() { Namespace = "default", WorkflowExecution = new() { WorkflowId = handle.Id, RunId = next } });
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync(anew)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.DecideAsync(anew)).Status);
    }

    [Fact]
    public async Task A_request_that_cannot_be_read_fails_the_workflow_task()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker, """{ "title": "Deploy?" }""");

        var history = await handle.UntilAsync(EventType.WorkflowTaskFailed, Ct);

        var failed = history.Events.Single(e => e.EventType == EventType.WorkflowTaskFailed).WorkflowTaskFailedEventAttributes;
        Assert.Equal(WorkflowTaskFailedCause.BadScheduleActivityAttributes, failed.Cause);
        Assert.EndsWith("assignees is empty. Name at least one, as 'user:NAME', 'team:NAME' or 'role:ROLE'.", failed.Failure.Message, StringComparison.Ordinal);
        await handle.TerminateAsync();
    }

    [Theory]
    [InlineData("viewer", null, "role viewer only reads")]
    [InlineData("auditor", null, "role auditor only reads")]
    [InlineData("approver", "elsewhere", "the token is for namespace elsewhere alone")]
    public async Task Whose_token_does_not_reach_the_namespace_decides_nothing(string role, string? ns, string why)
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (name, somebody) = await Inbox.OfAsync(fixture.Host, "eve", role, ns);
        var handle = await StartAsync(worker, Request($"user:{name}"));

        var (status, body) = await somebody.DecideAsync(await Inbox.TaskOfAsync(handle));

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains(why, body["detail"]!.ToString(), StringComparison.Ordinal);
        await handle.TerminateAsync();
    }

    [Fact]
    public async Task No_worker_polls_the_queue_of_people_and_no_workflow_runs_on_it()
    {
        var client = await fixture.ConnectAsync();
        var queue = new Temporalio.Api.TaskQueue.V1.TaskQueue { Name = "flagstone-people" };
        var options = new RpcOptions { Timeout = TimeSpan.FromSeconds(30), Retry = false };
        foreach (var call in (Func<Task>[])[
            () => client.WorkflowService.PollActivityTaskQueueAsync(new() { Namespace = "default", TaskQueue = queue }, options),
            () => client.WorkflowService.PollWorkflowTaskQueueAsync(new() { Namespace = "default", TaskQueue = queue }, options),
            () => client.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync("x"), new WorkflowOptions("on-people", "flagstone-people")),
            () => client.WorkflowService.StartActivityExecutionAsync(new()
            {
                Namespace = "default", ActivityId = "on-people", ActivityType = new() { Name = "approval" }, TaskQueue = queue,
                ScheduleToCloseTimeout = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromMinutes(1)),
            }, options)])
        {
            var refused = await Assert.ThrowsAsync<Temporalio.Exceptions.RpcException>(call);
            Assert.Equal(Temporalio.Exceptions.RpcException.StatusCode.InvalidArgument, refused.Code);
            Assert.StartsWith("Task queue 'flagstone-people' is reserved", refused.Message, StringComparison.Ordinal);
        }
    }

    internal static string Request(string assignee, string more = "") =>
        $$"""{ "title": "Ship it?", "assignees": ["{{assignee}}"]{{(more.Length > 0 ? $", {more}" : "")}} }""";

    internal static Task<WorkflowHandle<ApprovalWorkflow, string>> StartAsync(RunningWorker worker, params string[] requests) =>
        worker.Client.StartWorkflowAsync((ApprovalWorkflow w) => w.RunAsync(requests, Long), worker.Options());

    private static async Task<WorkflowHandle> ChildAsync(TemporalClient client, WorkflowHandle parent)
    {
        var history = await parent.UntilAsync(EventType.ChildWorkflowExecutionStarted, Ct);
        var started = history.Events.Single(e => e.EventType == EventType.ChildWorkflowExecutionStarted);
        var child = started.ChildWorkflowExecutionStartedEventAttributes.WorkflowExecution;
        return client.GetWorkflowHandle(child.WorkflowId, child.RunId);
    }

    private async Task<string> TeamAsync(string member)
    {
        var name = $"team-{Guid.NewGuid():N}";
        using var kubernetes = fixture.Host.KubernetesClient();
        using var answer = await kubernetes.PostAsJsonAsync("/apis/backstage.io/v1alpha1/namespaces/default/groups", new JsonObject
        {
            ["apiVersion"] = "backstage.io/v1alpha1", ["kind"] = "Group", ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject { ["type"] = "team", ["children"] = new JsonArray(), ["members"] = new JsonArray($"user:default/{member}") },
        }, Ct);
        answer.EnsureSuccessStatusCode();
        return name;
    }

    private async Task<IEnumerable<string>> LedgerAsync(string run)
    {
        var ns = await (await fixture.ConnectAsync()).WorkflowService.DescribeNamespaceAsync(new() { Namespace = "default" });
        using var http = fixture.Host.Client();
        var rows = await http.GetFromJsonAsync<JsonObject>($"/api/v1/history/workflowexecutions.workflows.flagstone.dev/{ns.NamespaceInfo.Id}/{run}", Ct);
        return rows!["items"]!.AsArray().Select(r => $"{r!["verb"]} {r["reason"]!.ToString().Split(" after ")[0]}");
    }
}
