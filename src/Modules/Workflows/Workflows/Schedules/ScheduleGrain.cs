using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Schedules.Specs;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Flagstone.Workflows.Schedules;

/// <summary>
/// Holds a schedule. What it does to executions is decided and committed first, with the ids that the runs get, and then done: what a process that
/// died left undone is done again by the next one, and each execution does it once. This part loads and commits.
/// </summary>
[GrainType("flagstone.workflow-schedule")]
internal sealed partial class ScheduleGrain(
    ScheduleStore store, OutboxStore outbox, NamespaceCache namespaces, IGrainFactory grains, TimeProvider clock, ILogger<ScheduleGrain> logger)
    : Grain, IScheduleGrain, IIncomingGrainCallFilter
{
    private ScheduleKey key;
    private ScheduleState? state;
    private ScheduleTimes? times;
    private byte[] stored = [];
    private byte[] shown = [];
    private long version;
    private IGrainTimer? timer;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = ScheduleKey.Parse(this.GetPrimaryKeyString());
        await LoadAsync();
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
        if (!await ActAsync())
        {
            throw new InvalidOperationException($"Schedule {key.ScheduleId} could not start or stop all that it wants to.");
        }

        return Due() is { } next ? ReconcileResult.After(next > clock.GetUtcNow() ? next - clock.GetUtcNow() : TimeSpan.Zero) : ReconcileResult.Done;
    }

    private DateTimeOffset? Due() => state is null ? null : ScheduleRules.Due(state, times!);

    /// <summary>Commits the state as it is. Null when it is durable.</summary>
    private async Task<Refusal?> CommitAsync(ScheduleStep step)
    {
        var next = state!;
        var entry = ScheduleViews.Entry(next).ToByteArray();
        var body = StateCodec.Write(next);
        var due = Due();
        step = step with { Due = due < clock.GetUtcNow() ? clock.GetUtcNow() : due, IsShown = !entry.AsSpan().SequenceEqual(shown) };
        try
        {
            if (!await store.CommitAsync(key, version, next, body, step, CancellationToken.None))
            {
                LogOvertaken(key.ScheduleId, version);
                await LoadAsync();
                return Refusal.Unavailable("The schedule changed meanwhile. Try again.");
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
        (stored, shown) = (body, entry);
        Arm();
        return null;
    }

    private async Task LoadAsync()
    {
        var found = await store.FindAsync(key, CancellationToken.None);
        (stored, version, shown) = (found?.State ?? [], found?.Version ?? 0, []);
        Drop();
        Arm();
    }

    /// <summary>Forgets what was decided and is not committed.</summary>
    private void Drop()
    {
        state = stored.Length == 0 ? null : StateCodec.Read<ScheduleState>(stored);
        times = state is null ? null : new ScheduleTimes(state.Schedule.Spec, key.ToString());
    }

    private void Arm()
    {
        timer?.Dispose();
        timer = WakeUp.Set(this, Due(), clock, FireAsync);
    }

    private async Task FireAsync()
    {
        try
        {
            // What could not be done is due in the index.
            await ActAsync();
        }
        catch
        {
            // By a timer no call comes in.
            Drop();
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Schedule {Schedule} was changed elsewhere after its commit {Version}; it is read again")]
    private partial void LogOvertaken(string schedule, long version);
}
