using Flagstone.Platform.Ledger;
using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.People;
using Flagstone.Workflows.Resetting;
using Flagstone.Workflows.Tests.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.People;

/// <summary>Which events and which rows the steps of a task that people decide write.</summary>
public sealed class HumanOrderTests
{
    private const string First = "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted ActivityTaskScheduled";
    private const string Usual = """{ "title": "t", "assignees": ["user:ada"] }""";

    [Fact]
    public void A_task_is_a_row_and_no_worker_gets_it()
    {
        var steps = Asked();

        Assert.Equal(First, steps.Types);
        Assert.Empty(steps.Last.Queued);
        var rows = Rows(steps.Last);
        Assert.Contains("INSERT INTO workflow_human_task", rows[0].Text, StringComparison.Ordinal);
        Assert.Contains(rows, r => r.Parameters.Contains(("subject", "user:ada")));
        steps.Do(c => Assert.False(ActivityRules.Start(c, 5, 1, "worker", "stamp", "request")));
    }

    [Fact]
    public void A_decision_starts_and_completes_the_activity_in_one_step()
    {
        var steps = Asked().Do(c => Assert.Null(HumanRules.Decide(c, Task(c), Call("ada"))));

        Assert.Equal($"{First} ActivityTaskStarted ActivityTaskCompleted WorkflowTaskScheduled", steps.Types);
        var (started, completed) = (steps.Events[5].ActivityTaskStartedEventAttributes, steps.Events[6].ActivityTaskCompletedEventAttributes);
        Assert.Equal((5L, 1, "ada"), (started.ScheduledEventId, started.Attempt, started.Identity));
        Assert.Equal((5L, 6L, "ada"), (completed.ScheduledEventId, completed.StartedEventId, completed.Identity));
        Assert.Equal(
            """{"decision":"approve","reason":"fine","by":"ada","at":"2026-01-01T00:00:00+00:00"}""", completed.Result.Payloads_[0].Data.ToStringUtf8());
        Assert.Equal(("decide", "u-ada", "approve: fine", "api"), (steps.Last.Act!.Verb, steps.Last.Act.Actor, steps.Last.Act.Reason, steps.Last.Act.Origin));
        Assert.Empty(steps.Run.Activities);
        Assert.Equal((long)HumanTaskPhase.Decided, Rows(steps.Last)[0].Parameters.Single(p => p.Name == "state").Value);
    }

    [Fact]
    public void A_decision_while_a_workflow_task_is_open_is_stored_and_told_behind_it()
    {
        var steps = Asked().Signal("wakes").StartTask().Do(c => Assert.Null(HumanRules.Decide(c, Task(c), Call("ada"))));

        Assert.Equal((long)HumanTaskPhase.Decided, Rows(steps.Last)[0].Parameters.Single(p => p.Name == "state").Value);
        Assert.Equal(2, steps.Run.Buffered.Count);
        steps.Complete();
        Assert.EndsWith("WorkflowTaskCompleted ActivityTaskStarted ActivityTaskCompleted WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
        Assert.Equal(steps.Events[^3].EventId, steps.Events[^2].ActivityTaskCompletedEventAttributes.StartedEventId);
    }

    [Fact]
    public void A_workflow_that_cancels_it_is_told_at_once()
    {
        var steps = Asked().Signal("wakes").StartTask().Complete(new Command
        {
            CommandType = CommandType.RequestCancelActivityTask, RequestCancelActivityTaskCommandAttributes = new() { ScheduledEventId = 5 },
        });

        Assert.EndsWith("WorkflowTaskCompleted ActivityTaskCancelRequested ActivityTaskCanceled WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
        Assert.Equal((long)HumanTaskPhase.Cancelled, Rows(steps.Last)[0].Parameters.Single(p => p.Name == "state").Value);
    }

    [Fact]
    public void A_deadline_that_passes_ends_it_and_nobody_decides_after_it()
    {
        var steps = Asked().Do(c => Assert.Null(HumanRules.Deadline(Task(c)) > c.Now ? null : "over"));
        var late = new RunChange(StateCodec.Read(StateCodec.Write(steps.Run)), steps.Now + TimeSpan.FromHours(1));
        Assert.Equal(HumanOutcome.Conflict, HumanRules.Decide(late, Task(late), Call("ada"))!.Outcome);

        steps.Pass(TimeSpan.FromHours(1));

        Assert.Equal($"{First} ActivityTaskTimedOut WorkflowTaskScheduled", steps.Types);
        Assert.Equal(TimeoutType.ScheduleToClose, steps.Events[5].ActivityTaskTimedOutEventAttributes.Failure.TimeoutFailureInfo.TimeoutType);
        Assert.Equal(RetryState.NonRetryableFailure, steps.Events[5].ActivityTaskTimedOutEventAttributes.RetryState);
        Assert.Equal((long)HumanTaskPhase.TimedOut, Rows(steps.Last)[0].Parameters.Single(p => p.Name == "state").Value);
    }

    [Fact]
    public void Whatever_ends_the_run_ends_its_tasks()
    {
        var terminated = Asked().Do(c => Closing.Terminate(c, "no", null, ""));
        Assert.Equal((long)HumanTaskPhase.RunEnded, Rows(terminated.Last)[0].Parameters.Single(p => p.Name == "state").Value);

        var continued = Asked().Signal("wakes").StartTask().Complete(new Command
        {
            CommandType = CommandType.ContinueAsNewWorkflowExecution, ContinueAsNewWorkflowExecutionCommandAttributes = new(),
        });
        Assert.Equal((long)HumanTaskPhase.RunEnded, Rows(continued.Last)[0].Parameters.Single(p => p.Name == "state").Value);
    }

    [Fact]
    public void A_reset_asks_again_with_new_times()
    {
        var steps = Asked().Signal("wakes").StartTask().Pass(TimeSpan.FromMinutes(10));
        var kept = steps.Events.Take(8).ToList();

        var (change, refusal) = ResetRules.Begin(
            new ResetBase(steps.Run, "run", kept, HistoryDigest.Empty, [], []), new ResetWorkflowExecutionRequest { WorkflowTaskFinishEventId = 9 }, "new",
            steps.Now, null);

        Assert.Null(refusal);
        var again = Assert.Single(change.Run.Activities.Values);
        Assert.Equal(steps.Now, again.FirstScheduledAt);
        var put = Rows(change)[0];
        Assert.Contains("INSERT INTO workflow_human_task", put.Text, StringComparison.Ordinal);
        Assert.Contains(("run", "new"), put.Parameters);
        Assert.Equal("ann", change.Run.StartedBy);
    }

    [Fact]
    public void A_task_that_is_paused_is_decided_once_it_is_not()
    {
        var steps = Asked().Do(c => ActivityOperations.Pause(c, Task(c), "ops", "audit"));
        Assert.Contains("audit, by ops", Rows(steps.Last)[0].Parameters.Single(p => p.Name == "live").Value!.ToString(), StringComparison.Ordinal);
        steps.Do(c => Assert.Equal(HumanOutcome.Conflict, HumanRules.Decide(c, Task(c), Call("ada"))!.Outcome));

        steps.Do(c => ActivityOperations.Unpause(c, Task(c), false, false, TimeSpan.Zero));

        Assert.Empty(steps.Last.Queued);
        steps.Do(c => Assert.Null(HumanRules.Decide(c, Task(c), Call("ada"))));
    }

    [Theory]
    [InlineData("flagstone-people", "queue")]
    [InlineData("queue", "flagstone-people")]
    public void No_change_of_options_takes_a_task_from_people_or_gives_them_another(string from, string to)
    {
        var steps = Asked(from);
        var options = new Temporalio.Api.Activity.V1.ActivityOptions { TaskQueue = new() { Name = to } };

        steps.Do(c => Assert.Contains(
            "What people decide stays", ActivityOptionRules.Change(c, Task(c), options, new FieldMask { Paths = { "task_queue.name" } })!.Message,
            StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_no_request_fails_the_workflow_task()
    {
        var failure = new Steps().StartTask().CompleteBadly(Command("{}"));

        Assert.Equal(WorkflowTaskFailedCause.BadScheduleActivityAttributes, failure.Cause);
        Assert.Contains("title is not set", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_workflow_runs_on_the_queue_of_people()
    {
        var child = new Command
        {
            CommandType = CommandType.StartChildWorkflowExecution,
            StartChildWorkflowExecutionCommandAttributes = new()
            {
                WorkflowId = "c", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "flagstone-people" },
            },
        };
        var next = new Command
        {
            CommandType = CommandType.ContinueAsNewWorkflowExecution,
            ContinueAsNewWorkflowExecutionCommandAttributes = new() { TaskQueue = new() { Name = "flagstone-people" } },
        };

        Assert.Equal(
            [
                (WorkflowTaskFailedCause.BadStartChildExecutionAttributes, PeopleQueue.NoWorkflows),
                (WorkflowTaskFailedCause.BadContinueAsNewAttributes, PeopleQueue.NoWorkflows),
            ],
            ((Command[])[child, next]).Select(c => new Steps().StartTask().CompleteBadly(c)).Select(f => (f.Cause, f.Message)));
    }

    internal static HumanCall Call(string name, string choice = "approve", params string[] subjects) =>
        new("run", 5, name, $"u-{name}", [$"user:{name}", .. subjects], choice, "fine", "api");

    internal static Steps Asked(string queue = "flagstone-people", string request = Usual) =>
        new Steps(by: new() { Type = "user", Name = "ann" }).StartTask().Complete(Command(request, queue));

    internal static ActivityState Task(RunChange change) => change.Run.Activities[5];

    private static Command Command(string request, string queue = "flagstone-people") => new()
    {
        CommandType = CommandType.ScheduleActivityTask,
        ScheduleActivityTaskCommandAttributes = new()
        {
            ActivityId = "1", ActivityType = new() { Name = "approval" }, TaskQueue = new() { Name = queue }, Input = RequestTests.Json(request),
            ScheduleToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
        },
    };

    private static List<SqlStatement> Rows(RunChange change) => [.. HumanTaskRows.Of(change)];
}
