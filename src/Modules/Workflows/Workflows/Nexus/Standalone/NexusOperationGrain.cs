using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Nexus.Standalone;

/// <summary>
/// Holds the last operation of an id. Requests to the handler are made beside the grain's turns, and their answers come back as calls. This part loads,
/// commits and asks.
/// </summary>
[GrainType("flagstone.workflow-nexus-operation"), CollectionAgeLimit(Minutes = 2)]
internal sealed partial class NexusOperationGrain(
    StandaloneStore store, NexusAsker asker, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<NexusOperationGrain> logger)
    : Grain, INexusOperationGrain, IIncomingGrainCallFilter
{
    /// <summary>Long polls end before Orleans gives a call up; who still wants to wait asks again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    /// <summary>While a request is under way the index wakes again after this time, should this process die.</summary>
    private static readonly TimeSpan Watch = NexusRequests.Longest + TimeSpan.FromSeconds(2);

    /// <summary>A request that failed before it was made is made after this time.</summary>
    private static readonly TimeSpan Unasked = TimeSpan.FromSeconds(1);

    private StandaloneKey key;
    private StandaloneState? state;
    private byte[] stored = [];
    private long version;
    private IGrainTimer? timer;
    private (string RunId, long Transitions) committed;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (string RunId, int Attempt, bool IsCancellation)? asking;
    private DateTimeOffset askedAt;
    private DateTimeOffset wait;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = StandaloneKey.Parse(this.GetPrimaryKeyString());
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
        await ActAsync();
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

    /// <summary>Does what is due: ends an operation whose time is over, and asks the handler.</summary>
    private async Task ActAsync()
    {
        var now = clock.GetUtcNow();
        if (state is not null && StandaloneRules.TimeOut(state, now))
        {
            await CommitAsync();
        }

        if (state is null || StandaloneRules.Call(state) is not { } call || (call.Attempts.NextAt ?? now) > now || wait > now)
        {
            return;
        }

        var mark = (state.RunId, call.Attempts.Count, call.IsCancellation);
        // A request that was not heard of again is lost.
        if (asking != mark || now >= askedAt + Watch + Watch)
        {
            (asking, askedAt) = (mark, now);
            // Of the state as it is stored: this one may change while the handler is asked.
            AskAsync(StateCodec.Read<StandaloneState>(stored), this.AsReference<INexusOperationGrain>()).Ignore();
        }
    }

    /// <summary>Touches nothing of the grain: its end comes back as a call.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "A request that fails is made again.")]
    private async Task AskAsync(StandaloneState of, INexusOperationGrain self)
    {
        try
        {
            var call = StandaloneRules.Call(of)!;
            var (answer, later) = await asker.AskAsync(of.Namespace, call, now => Task.FromResult(
                call.IsCancellation ? NexusRequests.Cancel(of.Operation, of.Request.NexusHeader, now) : NexusRequests.Start(of, now)));
            if (answer is null)
            {
                await self.PostponeAsync(later);
                return;
            }

            var report = new NexusReport(of.RunId, 0, call.Attempts.Count, call.IsCancellation, answer.ToByteArray());
            if (!await self.ReportAsync(report))
            {
                await self.PostponeAsync(Unasked);
            }
        }
        catch (Exception e)
        {
            LogNotAsked(e, of.Operation.Operation, of.Operation.Endpoint, of.Id);
            await self.PostponeAsync(Unasked);
        }
    }

    /// <summary>When to look again; null for never.</summary>
    private DateTimeOffset? Due()
    {
        if (state is not { IsOpen: true })
        {
            return null;
        }

        DateTimeOffset? next = NexusRules.Deadline(state.Operation)?.At;
        if (StandaloneRules.Call(state) is { } call)
        {
            var now = clock.GetUtcNow();
            var at = asking is not null ? now + Watch : call.Attempts.NextAt ?? now;
            at = at > wait ? at : wait;
            next = next is null || at < next ? at : next;
        }

        return next;
    }

    /// <summary>Commits the state as it is. Null when it is durable.</summary>
    private async Task<Refusal?> CommitAsync()
    {
        var next = state!;
        var before = stored.Length == 0 ? null : StateCodec.Read<StandaloneState>(stored);
        next.Transitions += before?.RunId == next.RunId ? 1 : 0;
        var body = StateCodec.Write(next);
        try
        {
            var isShown = before?.RunId != next.RunId || before.Status != next.Status;
            if (!await store.CommitAsync(key, version, before?.RunId ?? "", next, body, Due(), isShown, CancellationToken.None))
            {
                LogOvertaken(key.OperationId, version);
                await LoadAsync();
                return Refusal.Unavailable("The operation changed meanwhile. Try again.");
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
        stored = body;
        Published();
        return null;
    }

    private async Task LoadAsync()
    {
        var found = await store.FindAsync(key, CancellationToken.None);
        (stored, version) = (found?.State ?? [], found?.Version ?? 0);
        Drop();
        Published();
    }

    /// <summary>Forgets what was decided and is not committed.</summary>
    private void Drop() => state = stored.Length == 0 ? null : StateCodec.Read<StandaloneState>(stored);

    private void Published()
    {
        committed = state is null ? default : (state.RunId, state.Transitions);
        var before = changed;
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        before.TrySetResult();
        Arm();
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
            await ActAsync();
        }
        catch
        {
            // By a timer no call comes in.
            Drop();
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Nexus operation {Operation} was changed elsewhere after its commit {Version}; it is read again")]
    private partial void LogOvertaken(string operation, long version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Operation} of endpoint {Endpoint} was not asked for the Nexus operation {Id}; it is tried again")]
    private partial void LogNotAsked(Exception exception, string operation, string endpoint, string id);
}
