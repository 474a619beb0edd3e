using Flagstone.Workflows.Contracts.Processes;
using Flagstone.Workflows.Processes;
using Flagstone.Workflows.Tests.People;
using Flagstone.Workflows.Tests.Workers;
using Microsoft.Extensions.Logging.Abstractions;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;
using Temporalio.Worker;

namespace Flagstone.Workflows.Tests.Processes;

/// <summary>What the workflow of all processes does with the steps of a plan, on a real worker.</summary>
public sealed class ProcessWorkflowTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Steps_are_taken_one_after_the_other_and_each_act_knows_why()
    {
        var process = new RecordedProcess().Answer("first", new ActOutcome.Waiting("the paint dries"));
        await using var worker = await WorkAsync(process);
        var (ada, inbox) = await Inbox.OfAsync(fixture.Host, "ada");
        var handle = await worker.StartAsync(Ask("Is it good?"), Act("first"), Wait(), Act("second"));

        await inbox.DecideAsync(await Inbox.TaskOfAsync(handle), reason: "it is good");
        var result = await handle.GetResultAsync<ProcessResult>();

        Assert.Equal(new ProcessResult("completed", "All of it is done"), result);
        Assert.Equal(["first 1", "first 1", "second 3"], process.Calls);
        Assert.Equal($"Paint: asked by carl (it fades), approved by {ada} (it is good)", process.Reason);
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task What_people_refuse_is_undone_the_last_first()
    {
        var process = new RecordedProcess();
        await using var worker = await WorkAsync(process);
        var (ada, inbox) = await Inbox.OfAsync(fixture.Host, "ada");
        var handle = await worker.StartAsync(Act("one", "not one"), Act("two", "not two"), Ask("Go on?"), Act("three"));

        await inbox.DecideAsync(await Inbox.TaskOfAsync(handle, 3), "reject", "no");

        Assert.Equal(new ProcessResult("refused", $"{ada} refused it: no"), await handle.GetResultAsync<ProcessResult>());
        Assert.Equal(["one 0", "two 1", "not two 1", "not one 0"], process.Calls);
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task What_is_taken_back_is_undone_but_not_once_something_was_begun_that_cannot_be()
    {
        var process = new RecordedProcess();
        await using var worker = await WorkAsync(process);
        var early = await worker.StartAsync(Act("one", "not one"), Ask("Go on?"));
        var late = await worker.StartAsync(Act("gone"), Ask("Go on?"), Act("last"));
        var (_, inbox) = await Inbox.OfAsync(fixture.Host, "ada");

        await Inbox.TaskOfAsync(early, 2);
        await early.CancelAsync();
        var failure = await Assert.ThrowsAsync<WorkflowFailedException>(() => early.GetResultAsync<ProcessResult>());
        var task = await Inbox.TaskOfAsync(late, 2);
        await late.CancelAsync();
        await late.UntilAsync(EventType.WorkflowExecutionCancelRequested, Ct);
        await inbox.DecideAsync(task);

        Assert.IsType<CanceledFailureException>(failure.InnerException);
        Assert.Equal("completed", (await late.GetResultAsync<ProcessResult>()).Outcome);
        Assert.Equal(["gone 0", "last 2", "not one 0", "one 0"], process.Calls.Order());
        await early.ReplayedAsync();
        await late.ReplayedAsync();
    }

    [Fact]
    public async Task Of_a_step_that_is_refused_an_administrator_says_whether_it_is_tried_again()
    {
        var process = new RecordedProcess().Answer("act", new ActOutcome.Refused("It is locked."), new ActOutcome.Refused("It is still locked."));
        await using var worker = await WorkAsync(process);
        var (root, administrator) = await Inbox.OfAsync(fixture.Host, "root", "administrator");
        var handle = await worker.StartAsync(Act("act"));

        var task = await Inbox.TaskOfAsync(handle, 2);
        Assert.Equal("act happens: It is locked.\n\nMend what is in the way and try again, or stop the process where it is.", (await administrator.GetAsync(task)).Body["description"]!.ToString());
        await administrator.DecideAsync(task, "retry", "unlocked");
        await administrator.DecideAsync(await Inbox.TaskOfAsync(handle, 4), "stop", "leave it");

        var failure = await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.GetResultAsync<ProcessResult>());
        Assert.Equal($"act happens: It is still locked. {root} stopped it: leave it", failure.InnerException!.Message);
        Assert.Equal(["act 0", "act 0"], process.Calls);
        await handle.ReplayedAsync();
    }

    /// <summary>
    /// A process that an earlier release has begun goes on under this one. When this fails the workflow's code needs a version: see
    /// <c>Workflow.Patched</c>. <c>FLAGSTONE_WRITE_HISTORIES=1</c> records anew, for what such a history lacks.
    /// </summary>
    [Fact]
    public async Task A_history_that_was_recorded_earlier_is_replayed()
    {
        if (Environment.GetEnvironmentVariable("FLAGSTONE_WRITE_HISTORIES") == "1")
        {
            await File.WriteAllTextAsync(Recorded(), await RecordAsync(), Ct);
        }

        var history = WorkflowHistory.FromJson("recorded", await File.ReadAllTextAsync(Recorded(), Ct));

        await new WorkflowReplayer(new WorkflowReplayerOptions().AddWorkflow<ProcessWorkflow>()).ReplayWorkflowAsync(history, cancellationToken: Ct);
        Assert.Contains(history.Events, e => e.EventType == EventType.WorkflowExecutionCompleted);
    }

    /// <summary>Each thing that a process does, once.</summary>
    private async Task<string> RecordAsync()
    {
        var process = new RecordedProcess().Answer("two", new ActOutcome.Refused("It is locked."));
        await using var worker = await WorkAsync(process);
        var (_, inbox) = await Inbox.OfAsync(fixture.Host, "ada");
        var (_, administrator) = await Inbox.OfAsync(fixture.Host, "root", "administrator");
        var until = new ProcessStep("It waits until then") { Until = TimeProvider.System.GetUtcNow().AddSeconds(3) };
        var handle = await worker.StartAsync(Act("one", "not one"), Wait(), Act("two", "not two"), until, Ask("Go on?"));
        await administrator.DecideAsync(await Inbox.TaskOfAsync(handle, 3), "retry", "unlocked");
        await inbox.DecideAsync(await Inbox.TaskOfAsync(handle, 5), "reject", "no");
        await handle.GetResultAsync<ProcessResult>();
        return (await handle.FetchHistoryAsync()).ToJson();
    }

    private static string Recorded() => Path.Combine(FrontendTests.Repository(), "tests", "Workflows.Tests", "Processes", "process.history.json");

    private static ProcessStep Ask(string title) => new(title)
    {
        Ask = new ProcessQuestion(title, "", ["role:approver"], new Dictionary<string, string> { ["colour"] = "red" }, TimeSpan.FromHours(3)),
    };

    private static ProcessStep Wait() => new("It waits") { Wait = TimeSpan.FromMilliseconds(20) };

    private static ProcessStep Act(string action, string? undo = null) => new($"{action} happens") { Act = new ProcessDeed(action, [], undo) };

    private async Task<ProcessWorker> WorkAsync(RecordedProcess process) => new(await fixture.ConnectAsync(), process);

    /// <summary>A worker as the platform's own, with one kind of process.</summary>
    private sealed class ProcessWorker : IAsyncDisposable
    {
        private readonly string queue = $"processes-{Guid.NewGuid():N}";
        private readonly CancellationTokenSource stop = new();
        private readonly TemporalClient client;
        private readonly TemporalWorker worker;
        private readonly Task running;

        public ProcessWorker(TemporalClient client, RecordedProcess process)
        {
            this.client = client;
            worker = new TemporalWorker(client, new TemporalWorkerOptions(queue).AddWorkflow<ProcessWorkflow>()
                .AddAllActivities(new ProcessActivities([process], NullLogger<ProcessActivities>.Instance)));
            running = worker.ExecuteAsync(stop.Token);
        }

        public Task<WorkflowHandle> StartAsync(params ProcessStep[] steps) => client.StartWorkflowAsync(
            ProcessMemo.WorkflowType, [new ProcessInput("recorded", new ProcessPlan("wall", "Paint", steps), "carl", "u-carl", "it fades")],
            new($"process-{Guid.NewGuid():N}", queue));

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await running.WaitAsync(RunningWorker.LongestStop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            worker.Dispose();
            stop.Dispose();
        }
    }
}
