using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Resetting;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Tests.Executions;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.Deployments;

/// <summary>Which version a run is for, step by step.</summary>
public sealed class VersionOrderTests
{
    [Fact]
    public void A_run_takes_the_version_of_the_worker_that_completes_its_first_task()
    {
        var run = new Steps();
        Start(run, "d:1");
        Assert.Equal(("d:1", VersioningBehavior.AutoUpgrade), (VersioningRules.VersionOf(run.Run), VersioningRules.BehaviorOf(run.Run)));
        Assert.Equal("d:1", run.Run.Versioning!.Transition);

        run.Complete(Answer("1", VersioningBehavior.Pinned));

        var completed = run.Events[^1].WorkflowTaskCompletedEventAttributes;
        Assert.Equal(("d", "1", VersioningBehavior.Pinned), (completed.DeploymentVersion.DeploymentName, completed.DeploymentVersion.BuildId, completed.VersioningBehavior));
        Assert.Null(run.Run.Versioning.Transition);
        run.Signal("one");
        Assert.Equal("d:1", Assert.Single(run.Last.Queued).Task.Directive);
    }

    [Fact]
    public void A_pinned_run_is_started_by_no_other_version_and_by_no_task_from_before()
    {
        var run = Pinned();
        run.Signal("one");

        Assert.True(VersioningRules.IsStale(run.Run, Of(run, "d:2", "d:1")));
        Assert.True(VersioningRules.IsStale(run.Run, Of(run, "d:1", "")));
        Assert.False(VersioningRules.IsStale(run.Run, Of(run, "d:1", "d:1")));
    }

    [Fact]
    public void Activities_wait_while_a_run_goes_over_and_are_queued_again_when_it_has()
    {
        var run = new Steps();
        Start(run, "d:1");
        run.Complete(Answer("1", VersioningBehavior.AutoUpgrade, Activity()));
        run.Signal("one");
        Start(run, "d:2");
        Assert.DoesNotContain(run.Last.Queued, q => q.Queue.Kind == TaskKind.Activity);

        run.Complete(Answer("2", VersioningBehavior.Pinned));

        Assert.Equal("d:2", Assert.Single(run.Last.Queued, q => q.Queue.Kind == TaskKind.Activity).Task.Directive);
    }

    [Fact]
    public void A_run_that_goes_over_is_cached_nowhere_and_its_task_goes_to_all()
    {
        var run = new Steps();
        Start(run, "d:1");
        var answer = Answer("1", VersioningBehavior.AutoUpgrade);
        answer.StickyAttributes = new() { WorkerTaskQueue = new() { Name = "own" }, ScheduleToStartTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(10)) };
        run.Complete(answer);
        run.Signal("one");
        Assert.Equal("own", run.Run.WorkflowTask!.Queue);

        run.Do(c => VersioningRules.Move(c, "d:2"));

        Assert.Equal(("", "queue"), (run.Run.StickyQueue, run.Run.WorkflowTask!.Queue));
        Assert.Equal("queue", Assert.Single(run.Last.Queued).Queue.Name);
    }

    [Fact]
    public void An_override_moves_what_waits_and_stands_in_the_history()
    {
        var run = Pinned(Activity());
        run.Signal("one");

        run.Do(c => Assert.Null(Overriding.Apply(c, To("d", "2"), "tester")));

        Assert.Equal(["d:2", "d:2"], run.Last.Queued.Select(q => q.Task.Directive));
        var updated = run.Events[^1].WorkflowExecutionOptionsUpdatedEventAttributes;
        Assert.Equal(("2", "tester", true), (updated.VersioningOverride.Pinned.Version.BuildId, updated.Identity, run.Events[^1].WorkerMayIgnore));
        var before = run.Events.Count;
        run.Do(c => Assert.Null(Overriding.Apply(c, To("d", "2"), "tester")));
        Assert.Equal(before, run.Events.Count);

        run.Do(c => Assert.Null(Overriding.Apply(c, null, "tester")));
        Assert.True(run.Events[^1].WorkflowExecutionOptionsUpdatedEventAttributes.UnsetVersioningOverride);
        Assert.Equal("d:1", VersioningRules.VersionOf(run.Run));
    }

    [Fact]
    public void An_override_for_one_task_is_over_when_that_completes_there()
    {
        var run = Pinned();
        run.Do(c => Assert.Null(Overriding.Apply(c, new VersioningOverride { OneTime = new() { TargetDeploymentVersion = To("d", "2").Pinned.Version } }, "")));
        run.Signal("one");
        Assert.Equal("d:2", run.Last.Queued.Single().Task.Directive);

        run.StartTask().Complete(Answer("2", VersioningBehavior.Pinned));

        Assert.Null(run.Run.Versioning!.Override);
        Assert.Equal("d:2", VersioningRules.VersionOf(run.Run));
    }

    [Fact]
    public void The_worker_of_another_version_gets_no_next_task_with_its_answer()
    {
        var run = Pinned();
        run.Do(c => Assert.Null(Overriding.Apply(c, To("d", "2"), "")));

        Assert.False(VersioningRules.MayGoOn(run.Run, Answer("1", VersioningBehavior.Pinned)));
        Assert.True(VersioningRules.MayGoOn(run.Run, Answer("2", VersioningBehavior.Pinned)));
        Assert.True(VersioningRules.MayGoOn(new Steps().Run, new RespondWorkflowTaskCompletedRequest()));
    }

    [Theory]
    [InlineData("queue", ContinueAsNewVersioningBehavior.Unspecified, "d:1")]
    [InlineData("other", ContinueAsNewVersioningBehavior.Unspecified, "")]
    [InlineData("known", ContinueAsNewVersioningBehavior.Unspecified, "d:1")]
    [InlineData("queue", ContinueAsNewVersioningBehavior.AutoUpgrade, "")]
    [InlineData("queue", ContinueAsNewVersioningBehavior.UseRampingVersion, "*")]
    public void A_run_that_continues_a_pinned_one_is_pinned_where_the_version_has_its_queue(string queue, ContinueAsNewVersioningBehavior initial, string directive)
    {
        var run = Pinned();
        run.Signal("one").StartTask();
        run.Do(c =>
        {
            c.VersionQueues = new HashSet<string> { "known" };
            var command = new Command
            {
                CommandType = CommandType.ContinueAsNewWorkflowExecution,
                ContinueAsNewWorkflowExecutionCommandAttributes = new() { TaskQueue = new() { Name = queue }, InitialVersioningBehavior = initial },
            };
            Assert.Null(TaskCompletion.Apply(c, Answer("1", VersioningBehavior.Pinned, command)));
        });

        Assert.Equal(directive, Assert.Single(run.Follower!.Queued).Task.Directive);
        var started = run.Follower.Events[0].WorkflowExecutionStartedEventAttributes;
        Assert.Equal(directive.Length > 1, started.InheritedPinnedVersion is not null);
    }

    [Fact]
    public void A_run_is_rebuilt_with_the_version_that_its_history_tells()
    {
        var run = Pinned();
        run.Do(c => Assert.Null(Overriding.Apply(c, To("d", "2"), "tester")));

        var rebuilt = Rebuilding.Of(run.Run, "run", "start", null, run.Events);

        Assert.Equal(("d:2", "d:1"), (VersioningRules.VersionOf(rebuilt), rebuilt.Versioning!.Version));
        Assert.Equal(VersioningBehavior.Pinned, rebuilt.Versioning.Behavior);
    }

    private static Steps Pinned(params Command[] commands)
    {
        var run = new Steps();
        Start(run, "d:1");
        return run.Complete(Answer("1", VersioningBehavior.Pinned, commands));
    }

    private static TaskStart Of(Steps run, string version, string directive) =>
        new("run", run.Run.WorkflowTask!.ScheduledId, 1, "worker", "worker") { Version = version, Directive = directive };

    /// <summary>A worker of a version that the run is not for takes the task.</summary>
    private static void Start(Steps run, string version) => run.Do(c =>
    {
        Assert.True(VersioningRules.Moves(c.Run, Of(run, version, "")));
        Assert.True(WorkflowTaskRules.Start(c, c.Run.WorkflowTask!.ScheduledId, c.Run.WorkflowTask.Attempt, "worker", "stamp", "request"));
        VersioningRules.Move(c, version);
    });

    private static RespondWorkflowTaskCompletedRequest Answer(string build, VersioningBehavior behavior, params Command[] commands) => new()
    {
        Commands = { commands }, VersioningBehavior = behavior,
        DeploymentOptions = new() { DeploymentName = "d", BuildId = build, WorkerVersioningMode = WorkerVersioningMode.Versioned },
    };

    private static Command Activity() => new()
    {
        CommandType = CommandType.ScheduleActivityTask,
        ScheduleActivityTaskCommandAttributes = new()
        {
            ActivityId = "1", ActivityType = new() { Name = "Any" }, TaskQueue = new() { Name = "queue" }, StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)),
        },
    };

    private static VersioningOverride To(string deployment, string build) => new()
    {
        Pinned = new()
        {
            Behavior = VersioningOverride.Types.PinnedOverrideBehavior.Pinned, Version = new() { DeploymentName = deployment, BuildId = build },
        },
    };
}
