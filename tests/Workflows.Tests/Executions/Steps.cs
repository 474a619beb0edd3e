using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Temporalio.Api.Command.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>A run driven step by step, without grains or a database. Each step's state goes through its stored form, as after a crash.</summary>
internal sealed class Steps
{
    private RunState run;
    private WorkflowTaskState? held;
    private byte[] stored = [];

    public Steps(Action<StartWorkflowExecutionRequest>? set = null, Temporalio.Api.Common.V1.Principal? by = null)
    {
        var request = new StartWorkflowExecutionRequest { WorkflowId = "wf", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "queue" }, RequestId = "start" };
        set?.Invoke(request);
        var begun = Starting.Begin(new ExecutionKey("ns", "wf"), request, "run", Now, by);
        WorkflowTaskRules.Schedule(begun);
        Take(begun);
        run = begun.Run;
    }

    /// <param name="begun">A run that is there already.</param>
    public Steps(RunChange begun)
    {
        Take(begun);
        run = begun.Run;
    }

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public List<Temporalio.Api.History.V1.HistoryEvent> Events { get; } = [];

    public RunState Run => run;

    /// <summary>The run that the last step began behind this one; null for none.</summary>
    public RunChange? Follower { get; private set; }

    /// <summary>What the last step asks of other executions.</summary>
    public IReadOnlyList<OutboxMessage> Sent { get; private set; } = [];

    /// <summary>The messages that the last step answers.</summary>
    public IReadOnlyList<OutboxKey> Settled { get; private set; } = [];

    /// <summary>The messages that the last step does what they ask.</summary>
    public IReadOnlyList<OutboxKey> Marked { get; private set; } = [];

    /// <summary>The step before.</summary>
    public RunChange Last { get; private set; } = null!;

    public string Types => string.Join(' ', Events.Select(e => e.EventType));

    public TaskToken Token => new("ns", "wf", "run", run.WorkflowTask!.ScheduledId, run.WorkflowTask.StartedId, run.WorkflowTask.Attempt, run.WorkflowTask.Stamp);

    public Steps Do(Action<RunChange> step)
    {
        var change = new RunChange(StateCodec.Read(StateCodec.Write(run)), Now) { First = Events[0].WorkflowExecutionStartedEventAttributes };
        change.Run.WorkflowTask = held ?? change.Run.WorkflowTask;
        held = null;
        WorkflowTaskRules.Keep(change);
        step(change);
        Take(change);
        run = change.Run;
        Follower = change.Follower;
        (Sent, Settled, Marked) = ([.. change.Sent], [.. change.Settled], [.. change.Marked]);
        return this;
    }

    public Steps StartTask() => Do(c => Assert.True(WorkflowTaskRules.Start(c, c.Run.WorkflowTask!.ScheduledId, c.Run.WorkflowTask.Attempt, "worker", "stamp", "request")));

    /// <summary>A worker is given the task, and nothing of it is stored.</summary>
    public Steps HoldStart()
    {
        var task = run.WorkflowTask!;
        stored = StateCodec.Write(run);
        Assert.True(WorkflowTaskRules.StartInMemory(
            run, Now, new() { Type = "user", Name = "worker" }, new TaskStart(run.RunId, task.ScheduledId, task.Attempt, "worker", "worker"), "stamp", "request"));
        held = run.WorkflowTask;
        return this;
    }

    /// <summary>What is in memory alone is lost.</summary>
    public Steps Crash()
    {
        (held, run) = (null, StateCodec.Read(stored));
        return this;
    }

    public Steps Signal(string name) => Do(c =>
    {
        Assert.Null(Signalling.Signal(c, name, null, null, "", ""));
        WorkflowTaskRules.Schedule(c);
    });

    public Steps Complete(params Command[] commands) => Complete(new RespondWorkflowTaskCompletedRequest { Commands = { commands } });

    public Steps Complete(RespondWorkflowTaskCompletedRequest answer) => Do(c => Assert.Null(TaskCompletion.Apply(c, answer)));

    /// <summary>A worker is given a task for updates, which is not stored.</summary>
    public Steps Speculate()
    {
        var task = WorkflowTaskRules.Speculate(run, Now)!;
        Assert.True(WorkflowTaskRules.Start(new RunChange(run, Now), task.ScheduledId, task.Attempt, "worker", "stamp", "request"));
        return this;
    }

    /// <summary>Completes with what cannot be; nothing of it stays.</summary>
    public CommandFailure CompleteBadly(params Command[] commands) => CompleteBadly(new RespondWorkflowTaskCompletedRequest { Commands = { commands } });

    public CommandFailure CompleteBadly(RespondWorkflowTaskCompletedRequest answer) =>
        TaskCompletion.Apply(new RunChange(StateCodec.Read(StateCodec.Write(run)), Now), answer)!;

    public Steps Pass(TimeSpan time)
    {
        Now += time;
        return Do(Deadlines.Fire);
    }

    private void Take(RunChange change)
    {
        Last = change;
        HistoryLimits.Enforce(change);
        Events.AddRange(change.Events);
    }
}
