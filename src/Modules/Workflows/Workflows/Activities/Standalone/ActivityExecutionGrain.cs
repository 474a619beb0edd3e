using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Activities.Standalone;

/// <summary>
/// Holds the last activity of an id. A step is answered when it is committed. This part loads, commits and times; the other one is the calls.
/// </summary>
[GrainType("flagstone.workflow-activity"), CollectionAgeLimit(Minutes = 2)]
internal sealed partial class ActivityExecutionGrain(
    StandaloneActivityStore store, WorkflowMetrics metrics, IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider clock,
    ILogger<ActivityExecutionGrain> logger)
    : Grain, IActivityExecutionGrain, IIncomingGrainCallFilter
{
    /// <summary>Long polls end before Orleans gives a call up; who still wants to wait asks again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Precise = TimeSpan.FromSeconds(30);

    private ActivityKey key;
    private StandaloneActivity? state;
    private StartActivityExecutionRequest started = new();
    private byte[] stored = [];
    private long version;
    private IGrainTimer? timer;
    private (string RunId, long Transitions) committed;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = ActivityKey.Parse(this.GetPrimaryKeyString());
        await LoadAsync();
    }

    /// <summary>A call that fails in the middle of a step leaves nothing of the step behind.</summary>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch
        {
            Drop();
            throw;
        }
    }

    public async Task<ReconcileResult> ReconcileAsync()
    {
        await FireAsync();
        return Due() is { } due ? ReconcileResult.After(due > clock.GetUtcNow() ? due - clock.GetUtcNow() : TimeSpan.Zero) : ReconcileResult.Done;
    }

    public async Task WaitAsync(string runId, long transitions)
    {
        var until = clock.GetUtcNow() + LongestWait;
        while (!lifetime.ApplicationStopping.IsCancellationRequested && committed == (runId, transitions)
            && until - clock.GetUtcNow() is var left && left > TimeSpan.Zero)
        {
            await changed.Task.WaitAsync(left, clock, lifetime.ApplicationStopping)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current);
        }
    }

    private async Task FireAsync()
    {
        try
        {
            if (state is not null && StandaloneActivityRules.TimeOut(state, clock.GetUtcNow()))
            {
                await CommitAsync(null);
            }
        }
        catch
        {
            // By a timer no call comes in.
            Drop();
            throw;
        }
    }

    /// <summary>When to look again; null for never.</summary>
    private DateTimeOffset? Due() => state is { IsOpen: true } ? ActivityAttempts.Deadline(state.Activity)?.At : null;

    /// <summary>What waits for a worker; null for nothing.</summary>
    private QueuedTask? Waiting() => state is { IsOpen: true, Activity: { IsStarted: false, Pause: null } activity }
        ? new QueuedTask(key.ActivityId, state.RunId, activity.ScheduledId, activity.Attempt, Micros.From(activity.ScheduledAt)) : null;

    /// <summary>Commits the state as it is. Null when it is durable.</summary>
    /// <param name="request">What starts it, for its first step.</param>
    /// <param name="act">Who does it, and why; null where no reason was given.</param>
    private async Task<Refusal?> CommitAsync(StartActivityExecutionRequest? request, CallerAct? act = null)
    {
        var next = state!;
        var before = stored.Length == 0 ? null : StateCodec.Read<StandaloneActivity>(stored);
        next.Transitions += request is null ? 1 : 0;
        var body = StateCodec.Write(next);
        var task = Waiting();
        var step = new ActivityStep(before?.RunId ?? "", request?.ToByteArray(), task, Due(), request is not null || before?.Status != next.Status, act);
        try
        {
            if (!await store.CommitAsync(key, version, next, body, (request ?? started).SearchAttributes, step, CancellationToken.None))
            {
                LogOvertaken(key.ActivityId, version);
                await LoadAsync();
                return Refusal.Unavailable("The activity changed meanwhile. Try again.");
            }
        }
        catch (StoreUnavailableException)
        {
            // Whether it is stored is not known: what is there decides.
            DeactivateOnIdle();
            await LoadAsync();
            throw;
        }

        version++;
        (stored, started) = (body, request ?? started);
        Published();
        if (task is not null)
        {
            // Lost with this process, it is found by the queue, which looks at the rows.
            grains.GetGrain<ITaskQueueGrain>(StandaloneActivityStore.QueueOf(key, next.Activity.Queue).ToString()).AddAsync(task).Ignore();
        }

        return null;
    }

    private async Task LoadAsync()
    {
        var found = await store.FindAsync(key, CancellationToken.None);
        (stored, version) = (found?.State ?? [], found?.Version ?? 0);
        started = found is null ? new StartActivityExecutionRequest() : StartActivityExecutionRequest.Parser.ParseFrom(found.Request);
        Drop();
        Published();
    }

    /// <summary>Forgets what was decided and is not committed.</summary>
    private void Drop() => state = stored.Length == 0 ? null : StateCodec.Read<StandaloneActivity>(stored);

    private void Published()
    {
        committed = state is null ? default : (state.RunId, state.Transitions);
        var before = changed;
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        before.TrySetResult();
        timer?.Dispose();
        timer = Due() is { } due && due - clock.GetUtcNow() is var left && left < Precise
            ? this.RegisterGrainTimer(
                FireAsync, new GrainTimerCreationOptions { DueTime = left > TimeSpan.Zero ? left : TimeSpan.Zero, Period = Timeout.InfiniteTimeSpan })
            : null;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Activity {Activity} was changed elsewhere after its commit {Version}; it is read again")]
    private partial void LogOvertaken(string activity, long version);
}
