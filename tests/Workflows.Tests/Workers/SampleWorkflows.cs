using Temporalio.Activities;
using Temporalio.Common;
using Temporalio.Converters;
using Temporalio.Exceptions;
using Temporalio.Workflows;

#pragma warning disable CA1822 // The SDK calls a workflow and its activities on an instance.

namespace Flagstone.Workflows.Tests.Workers;

[Workflow]
public sealed class HelloWorkflow
{
    [WorkflowRun]
    public Task<string> RunAsync(string name) => Workflow.ExecuteActivityAsync(
        (SampleActivities a) => a.Greet(name), new ActivityOptions { StartToCloseTimeout = TimeSpan.FromSeconds(30) });
}

/// <summary>Waits for signals until it is told to end, and returns what it heard.</summary>
[Workflow]
public sealed class ListeningWorkflow
{
    private readonly List<string> heard = [];
    private bool done;

    [WorkflowSignal]
    public Task HearAsync(string word)
    {
        heard.Add(word);
        return Task.CompletedTask;
    }

    [WorkflowQuery]
    public string Heard() => string.Join(',', heard);

    [WorkflowQuery]
    public string Broken() => throw new ApplicationFailureException("This query never works.");

    [WorkflowSignal]
    public Task EndAsync()
    {
        done = true;
        return Task.CompletedTask;
    }

    [WorkflowRun]
    public async Task<string> RunAsync()
    {
        await Workflow.WaitConditionAsync(() => done);
        return string.Join(',', heard);
    }
}

[Workflow]
public sealed class TimerWorkflow
{
    [WorkflowRun]
    public async Task<string> RunAsync(int milliseconds)
    {
        await Workflow.DelayAsync(TimeSpan.FromMilliseconds(milliseconds));
        return "rang";
    }
}

/// <summary>Runs the activity that it is told to, with the options that it is told.</summary>
[Workflow]
public sealed class ActivityWorkflow
{
    [WorkflowRun]
    public Task<string> RunAsync(ActivityPlan plan) => Workflow.ExecuteActivityAsync<string>(plan.Activity, [plan.Argument], new ActivityOptions
    {
        StartToCloseTimeout = Of(plan.StartToClose),
        ScheduleToCloseTimeout = Of(plan.ScheduleToClose),
        ScheduleToStartTimeout = Of(plan.ScheduleToStart),
        HeartbeatTimeout = Of(plan.Heartbeat),
        TaskQueue = plan.Queue,
        CancellationType = ActivityCancellationType.WaitCancellationCompleted,
        RetryPolicy = new RetryPolicy { InitialInterval = TimeSpan.FromMilliseconds(10), MaximumAttempts = plan.Attempts },
    });

    private static TimeSpan? Of(int milliseconds) => milliseconds > 0 ? TimeSpan.FromMilliseconds(milliseconds) : null;
}

public sealed record ActivityPlan(string Activity, string Argument)
{
    public int StartToClose { get; init; }

    public int ScheduleToClose { get; init; }

    public int ScheduleToStart { get; init; }

    public int Heartbeat { get; init; }

    public int Attempts { get; init; }

    public string? Queue { get; init; }
}

/// <summary>A chain of activities with timers between, so that a kill finds it anywhere.</summary>
[Workflow]
public sealed class ChainWorkflow
{
    [WorkflowRun]
    public async Task<string> RunAsync(string id, int length)
    {
        var said = new List<string>();
        for (var i = 0; i < length; i++)
        {
            said.Add(await Workflow.ExecuteActivityAsync(
                (SampleActivities a) => a.Count($"{id}/{i}"), new ActivityOptions { StartToCloseTimeout = TimeSpan.FromSeconds(2), RetryPolicy = new RetryPolicy { InitialInterval = TimeSpan.FromMilliseconds(50) } }));
            await Workflow.DelayAsync(TimeSpan.FromMilliseconds(20));
        }

        return string.Join(' ', said);
    }
}

/// <summary>Counts down, a run for each number.</summary>
[Workflow]
public sealed class CountdownWorkflow
{
    [WorkflowRun]
    public Task<string> RunAsync(int from) =>
        from == 0 ? Task.FromResult("zero") : throw Workflow.CreateContinueAsNewException((CountdownWorkflow w) => w.RunAsync(from - 1));
}

/// <summary>Fails until it is tried as often as it is told; returns the attempt, and what it had of the run before.</summary>
[Workflow]
public sealed class StubbornWorkflow
{
    [WorkflowRun]
    public Task<string> RunAsync(int attempts) => Workflow.Info.Attempt < attempts
        ? throw new ApplicationFailureException($"Attempt {Workflow.Info.Attempt} fails.")
        : Task.FromResult($"attempt {Workflow.Info.Attempt} after: {Workflow.Info.LastFailure?.Message}");
}

/// <summary>Counts its runs by what each hands to the next one.</summary>
[Workflow]
public sealed class TickingWorkflow
{
    [WorkflowRun]
    public Task<int> RunAsync() => Task.FromResult(Workflow.Info.LastResult?.FirstOrDefault() is { } last ? Workflow.PayloadConverter.ToValue<int>(last) + 1 : 1);
}

[Workflow]
public sealed class PoisonedWorkflow
{
    [WorkflowRun]
    public Task RunAsync() => throw new InvalidOperationException("No replay gets past this.");
}

/// <summary>The activities of one worker; what they did can be asked.</summary>
public sealed class SampleActivities
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> counts = new();

    /// <summary>Completes when an activity has begun.</summary>
    public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int CountOf(string key) => counts.GetValueOrDefault(key);

    [Activity]
    public string Greet(string name) => $"Hello, {name}!";

    /// <summary>Fails as often as its argument says, then says how often it was called.</summary>
    [Activity]
    public string Fail(string times)
    {
        var attempt = ActivityExecutionContext.Current.Info.Attempt;
        return attempt > int.Parse(times, System.Globalization.CultureInfo.InvariantCulture) ? $"attempt {attempt}" : throw new ApplicationFailureException($"Attempt {attempt} fails.");
    }

    [Activity]
    public string Refuse(string why) => throw new ApplicationFailureException(why, nonRetryable: true);

    [Activity]
    public string Count(string key) => $"{key}:{counts.AddOrUpdate(key, 1, (_, n) => n + 1)}";

    /// <summary>Heartbeats until it is cancelled.</summary>
    [Activity]
    public async Task<string> Beat(string detail)
    {
        Began.TrySetResult();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            ActivityExecutionContext.Current.CancellationToken.ThrowIfCancellationRequested();
            ActivityExecutionContext.Current.Heartbeat(detail);
            await pace.WaitForNextTickAsync(ActivityExecutionContext.Current.CancellationToken);
        }
    }

    /// <summary>Says why its first attempt was interrupted.</summary>
    public TaskCompletionSource<string> Interrupted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Heartbeats until it is interrupted; each later time it says which attempt it is, and what it had of the one before.</summary>
    [Activity]
    public async Task<string> Watch(string detail)
    {
        var context = ActivityExecutionContext.Current;
        if (Interrupted.Task.IsCompleted)
        {
            return $"attempt {context.Info.Attempt} after {context.Info.HeartbeatDetails.Count} details";
        }

        Began.TrySetResult();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!context.CancellationToken.IsCancellationRequested)
        {
            context.Heartbeat(detail);
            await pace.WaitForNextTickAsync();
        }

        var details = context.CancellationDetails!;
        Interrupted.TrySetResult(details.IsPaused ? "paused" : details.IsReset ? "reset" : "other");
        throw new OperationCanceledException(context.CancellationToken);
    }

    /// <summary>Leaves its end to others, who know its id.</summary>
    [Activity]
    public string Leave(string _)
    {
        Began.TrySetResult();
        throw new CompleteAsyncException();
    }

    /// <summary>Works without a sign of life, until its worker is told that the time is over.</summary>
    [Activity]
    public async Task<string> Hang(string _)
    {
        Began.TrySetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, ActivityExecutionContext.Current.CancellationToken);
        return "never";
    }
}

/// <summary>Changes how it is found, and waits to be told to end.</summary>
[Workflow]
public sealed class TaggedWorkflow
{
    public static readonly SearchAttributeKey<string> Team = SearchAttributeKey.CreateKeyword("Team");
    public static readonly SearchAttributeKey<long> Size = SearchAttributeKey.CreateLong("Size");

    private bool done;

    [WorkflowSignal]
    public Task EndAsync()
    {
        done = true;
        return Task.CompletedTask;
    }

    [WorkflowRun]
    public async Task RunAsync(string team)
    {
        Workflow.UpsertTypedSearchAttributes(Team.ValueSet(team), Size.ValueUnset());
        Workflow.UpsertMemo(MemoUpdate.ValueSet("note", "changed"));
        await Workflow.WaitConditionAsync(() => done);
    }
}
