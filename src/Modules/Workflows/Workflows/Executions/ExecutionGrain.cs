using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Endpoints;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.People;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.TimeSkipping;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>
/// Holds the current run of a workflow id, and is the one place where its steps are decided. A step is answered when it is committed; the version
/// of the commits, not the activation, is the lock. This part loads, commits and tells; the others are the calls.
/// </summary>
[GrainType("flagstone.workflow-execution"), CollectionAgeLimit(Minutes = 2)]
internal sealed partial class ExecutionGrain(
    ExecutionStore store, OutboxStore outbox, DeploymentStore deployments, HumanTaskStore humans, NexusEndpointCache endpoints, WorkflowMetrics metrics,
    IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<ExecutionGrain> logger)
    : Grain, IExecutionGrain, IIncomingGrainCallFilter
{
    /// <summary>Long polls end before Orleans gives a call up; who still wants to wait asks again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    /// <summary>What failed by a timer is tried again after so long; the due index need not have it.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private ExecutionKey key;
    private RunState? run;
    private byte[] stored = [];
    private long version;
    private DateTimeOffset? due;
    private IGrainTimer? timer;
    private readonly RecentEvents recent = new();
    private (string RunId, long NextEventId, bool IsRunning) committed;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = ExecutionKey.Parse(this.GetPrimaryKeyString());
        await LoadAsync();
    }

    /// <summary>A task whose start is in memory alone is stored, so that its worker may still answer. If it cannot be, another worker gets it.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Whatever it is, the activation ends.")]
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (unstoredTask is { IsStartUnstored: true })
        {
            try
            {
                await CommitAsync(Step());
            }
            catch (Exception e)
            {
                LogNotKept(e, key.WorkflowId);
            }
        }
    }

    /// <summary>A call that fails in the middle of a step leaves nothing of the step behind.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Whatever it is, it goes on to the caller.")]
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
        // The entry is answered for by what is returned; a step meanwhile that must be earlier writes its own.
        due = null;
        await FireAsync();
        due = run is null ? null : Deadlines.Earliest(run, clock.GetUtcNow());
        return due is { } next ? ReconcileResult.After(next > clock.GetUtcNow() ? next - clock.GetUtcNow() : TimeSpan.Zero) : ReconcileResult.Done;
    }

    public async Task WaitAsync(string runId, long eventId, bool closed)
    {
        var until = clock.GetUtcNow() + LongestWait;
        while (!lifetime.ApplicationStopping.IsCancellationRequested && committed.RunId == runId && committed.IsRunning && (closed || committed.NextEventId <= eventId) && until - clock.GetUtcNow() is { } left && left > TimeSpan.Zero)
        {
            await changed.Task.WaitAsync(left, clock, lifetime.ApplicationStopping).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current);
        }
    }

    /// <summary>The time by the run's clock.</summary>
    private DateTimeOffset RunNow => RunTime.Of(run!, clock.GetUtcNow());

    private static Principal By(string caller) => new() { Type = "user", Name = caller };

    /// <summary>Does what is due. False when it could not be stored.</summary>
    private async Task<bool> FireAsync()
    {
        var now = clock.GetUtcNow();
        if (run is null || Deadlines.Earliest(run, now) is not { } earliest || earliest > now)
        {
            return true;
        }

        try
        {
            var until = SkipRules.Target(run, RunTime.Of(run, now)) ?? RunTime.Of(run, now);
            var change = await StepAsync(null, mayEnd: run.ExpiresAt <= until + WakeUp.Precise);
            Deadlines.Fire(change);
            if (await CommitAsync(change) is { } refusal)
            {
                LogNotFired(key.WorkflowId, refusal.Message);
                return false;
            }

            return true;
        }
        catch
        {
            // By a timer no call comes in.
            Drop();
            throw;
        }
    }

    /// <summary>Decides a step of the open run, and commits it. A refusal leaves no trace.</summary>
    private async Task<Answer> StepAsync(Call call, Func<RunChange, Answer> decide)
    {
        if (run is null || (call.RunId.Length > 0 && call.RunId != run.RunId))
        {
            return await MissingAsync(call.RunId);
        }

        if (!run.IsRunning)
        {
            return Refusal.Completed();
        }

        var change = Step(By(call.Caller), actor: call.Actor);
        var answer = decide(change);
        if (answer.Refusal is not null)
        {
            Drop();
            return answer;
        }

        return await CommitAsync(change) is { } refusal ? refusal : answer;
    }

    private async Task<Refusal> MissingAsync(string runId) =>
        runId.Length > 0 && await store.FindRunAsync(key, runId, CancellationToken.None) is not null ? Refusal.Completed()
        : Refusal.NotFound(runId.Length > 0 ? $"workflow execution not found for workflow ID \"{key.WorkflowId}\" and run ID \"{runId}\"" : $"workflow not found for ID: {key.WorkflowId}");

    /// <summary>Begins a step that will be stored.</summary>
    /// <param name="actor">Who causes it, as the ledger names them; null for the server itself.</param>
    /// <param name="first">The run's first event, for a step that may end the run by itself.</param>
    private RunChange Step(Principal? by = null, string? actor = null, HistoryEvent? first = null)
    {
        var change = new RunChange(run!, clock.GetUtcNow(), by)
        {
            Actor = actor ?? "", Admitted = updates.Admitted, First = first?.WorkflowExecutionStartedEventAttributes,
        };
        WorkflowTaskRules.Keep(change);
        return change;
    }

    /// <param name="mayEnd">Whether it may end the run by itself: then what the run was started with is read, for the run that may follow.</param>
    private async Task<RunChange> StepAsync(Call? call, bool mayEnd)
    {
        var first = mayEnd && run!.MayRepeat ? await store.EventsAsync(run.RunId, 1, 1, 1, HistoryLimits.MaxBytes, CancellationToken.None) : [];
        return Step(call is null ? null : By(call.Caller), call?.Actor, first.FirstOrDefault());
    }

    private Task<Refusal?> CommitAsync(RunChange change) => CommitAsync(change.Follower is { } follower ? [change, follower] : [change]);

    /// <summary>Commits steps, the current run's last. Null when they are durable.</summary>
    private async Task<Refusal?> CommitAsync(IReadOnlyList<RunChange> changes)
    {
        foreach (var change in changes)
        {
            HistoryLimits.Enforce(change);
            change.Seal();
        }

        var next = changes[^1].Run;
        var steps = changes.Select(c => (c, StateCodec.Write(c.Run))).ToList();
        var wake = Wake(next);
        try
        {
            if (!await store.CommitAsync(key, version, committed.RunId ?? "", steps, wake, CancellationToken.None))
            {
                LogOvertaken(key.WorkflowId, version);
                await LoadAsync();
                return Refusal.Unavailable("The execution changed meanwhile. Try again.");
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
        (run, stored, unstoredTask) = (next, steps[^1].Item2, null);
        due = wake is null ? due : wake.At;
        recent.Add(next.RunId, changes[^1].Stored);
        Tell(changes);
        TellQueries();
        metrics.Added(changes.SelectMany(c => c.Events));
        Published();
        foreach (var (queue, task) in changes.Where(c => c.Run.IsRunning).SelectMany(c => c.Queued))
        {
            // Lost with this process, it is found by the queue, which looks at the rows.
            grains.GetGrain<ITaskQueueGrain>(queue.ToString()).AddAsync(task).Ignore();
        }

        if (changes.Any(c => c.Sent.Count > 0))
        {
            grains.GetGrain<IOutboxGrain>(key.ToString()).DeliverAsync().Ignore();
        }

        if (next.IsRunning && changes[^1].CallsNexus)
        {
            grains.GetGrain<INexusCallerGrain>(key.ToString()).CallAsync().Ignore();
        }

        return null;
    }

    /// <summary>The change of the due index that a step needs; an entry that is earlier than need be does no harm.</summary>
    private DueChange? Wake(RunState next)
    {
        var earliest = Deadlines.Earliest(next, clock.GetUtcNow());
        return earliest is null ? (due is null && version > 0 && next.IsRunning ? null : new DueChange(ExecutionStore.Controller, key.ToString(), null))
            : due is null || earliest < due ? new DueChange(ExecutionStore.Controller, key.ToString(), earliest)
            : null;
    }

    private async Task LoadAsync()
    {
        var found = await store.FindCurrentAsync(key, CancellationToken.None);
        version = found?.Version ?? 0;
        stored = found?.State ?? [];
        due = null;
        unstoredTask = null;
        recent.Clear();
        updates.AbortAll();
        queries.Release();
        Drop();
        Published();
    }

    /// <summary>Forgets what was decided and is not committed.</summary>
    private void Drop()
    {
        run = stored.Length == 0 ? null : StateCodec.Read(stored);
        if (run is not null && unstoredTask is not null)
        {
            run.WorkflowTask = unstoredTask with { };
        }
    }

    private void Published()
    {
        committed = run is null ? default : (run.RunId, run.NextEventId, run.IsRunning);
        skipping = run is null ? default : (run.FirstRunId, run.TimeSkipping);
        var before = changed;
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        before.TrySetResult();
        Arm();
    }

    private void Arm() => Arm(run is null ? null : Deadlines.Earliest(run, clock.GetUtcNow()));

    private void Arm(DateTimeOffset? at)
    {
        timer?.Dispose();
        timer = WakeUp.Set(this, at, clock, WakeAsync, always: unstoredTask is not null);
    }

    /// <summary>
    /// What is in memory alone, as the start of a workflow task, has no entry in the due index: whatever comes of this wake-up, there is another
    /// one as long as something is due.
    /// </summary>
    private async Task WakeAsync()
    {
        var isDone = false;
        try
        {
            isDone = await FireAsync();
        }
        finally
        {
            var next = run is null ? null : Deadlines.Earliest(run, clock.GetUtcNow());
            Arm(isDone || next is null ? next : clock.GetUtcNow() + Again);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Execution {Workflow} was changed elsewhere after its commit {Version}; it is read again")]
    private partial void LogOvertaken(string workflow, long version);

    [LoggerMessage(Level = LogLevel.Information, Message = "The open workflow task of execution {Workflow} could not be stored at its deactivation; it is given to a worker again")]
    private partial void LogNotKept(Exception exception, string workflow);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is due of execution {Workflow} was not stored: {Why}")]
    private partial void LogNotFired(string workflow, string why);
}
