using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Request = Temporalio.Api.Nexus.V1.Request;

namespace Flagstone.Workflows.Nexus;

/// <summary>
/// Asks handlers, many at once, and reports what came of it. It holds no truth: what is to be asked is read from the run, and a request whose report was
/// not stored is made again, with the same request id.
/// </summary>
[GrainType("flagstone.workflow-nexus-caller"), CollectionAgeLimit(Minutes = 2), Orleans.Concurrency.Reentrant]
internal sealed partial class NexusCallerGrain(
    ExecutionStore executions, NexusAsker asker, IGrainFactory grains, TimeProvider clock, ILogger<NexusCallerGrain> logger) : Grain, INexusCallerGrain
{
    /// <summary>The controller that the due index wakes.</summary>
    public const string Controller = "workflow-nexus";

    /// <summary>While something is under way the index wakes again after this time, should this process die.</summary>
    private static readonly TimeSpan Watch = NexusRequests.Longest + TimeSpan.FromSeconds(2);

    /// <summary>What could not be reported is asked again after this time.</summary>
    private static readonly TimeSpan Unreported = TimeSpan.FromSeconds(1);

    private readonly HashSet<(string, long, bool)> asking = [];
    private readonly Dictionary<string, DateTimeOffset> waits = [];
    private ExecutionKey key;
    private DateTimeOffset? next;
    private IGrainTimer? timer;
    private Task pass = Task.CompletedTask;
    private bool asked;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = ExecutionKey.Parse(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public Task CallAsync()
    {
        PassAsync().Ignore();
        return Task.CompletedTask;
    }

    public async Task<ReconcileResult> ReconcileAsync()
    {
        await PassAsync();
        var now = clock.GetUtcNow();
        return asking.Count > 0 ? ReconcileResult.After(next is { } at && at - now < Watch ? Positive(at - now) : Watch)
            : next is { } then ? ReconcileResult.After(Positive(then - now))
            : ReconcileResult.Done;
    }

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    /// <summary>One pass at a time; who asks meanwhile is served by it.</summary>
    private Task PassAsync()
    {
        asked = true;
        return pass.IsCompleted ? pass = RunAsync() : pass;
    }

    private async Task RunAsync()
    {
        while (asked)
        {
            asked = false;
            var run = await executions.FindRunAsync(key, "", CancellationToken.None);
            var now = clock.GetUtcNow();
            next = null;
            foreach (var call in (run is null ? [] : NexusCall.Of(run)).Where(c => !asking.Contains(c.Mark)))
            {
                var at = Later(call.Attempts.NextAt ?? now, waits.GetValueOrDefault(call.Operation.EndpointId));
                if (at <= now)
                {
                    asking.Add(call.Mark);
                    AskAsync(run!, call).Ignore();
                }
                else if (next is null || at < next)
                {
                    next = at;
                }
            }
        }

        Arm();
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private void Arm()
    {
        timer?.Dispose();
        timer = WakeUp.Set(this, next, clock, PassAsync);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "A request that fails must not stop the others.")]
    private async Task AskAsync(RunState run, NexusCall call)
    {
        try
        {
            // Where it fails before it is reported, it is due again a moment later.
            if (await TryAskAsync(run, call) is { } wait)
            {
                waits[call.Operation.EndpointId] = clock.GetUtcNow() + wait;
            }
            else
            {
                waits.Remove(call.Operation.EndpointId);
            }
        }
        catch (Exception e)
        {
            LogNotAsked(e, call.Operation.Operation, call.Operation.Endpoint, key.WorkflowId);
            waits[call.Operation.EndpointId] = clock.GetUtcNow() + Unreported;
        }
        finally
        {
            asking.Remove(call.Mark);
        }

        await PassAsync();
    }

    /// <summary>Makes a request and reports it. Null when it is reported; else how long to wait before anything is asked of the endpoint.</summary>
    private async Task<TimeSpan?> TryAskAsync(RunState run, NexusCall call)
    {
        var (answer, wait) = await asker.AskAsync(key.Namespace, call, now => MakeAsync(run, call, now));
        if (answer is null)
        {
            return wait;
        }

        var report = new NexusReport(run.RunId, call.Operation.ScheduledId, call.Attempts.Count, call.IsCancellation, answer.ToByteArray());
        return await grains.GetGrain<IExecutionGrain>(key.ToString()).ReportNexusAsync(report) ? null : Unreported;
    }

    private async Task<Request> MakeAsync(RunState run, NexusCall call, DateTimeOffset now)
    {
        var id = call.Operation.ScheduledId;
        var found = await executions.EventsAsync(run.RunId, id, id, 1, HistoryLimits.MaxBytes, CancellationToken.None);
        var scheduled = found[0].NexusOperationScheduledEventAttributes;
        return call.IsCancellation ? NexusRequests.Cancel(call.Operation, scheduled.NexusHeader, now)
            : NexusRequests.Start(run, call.Operation, scheduled, now);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {Operation} of endpoint {Endpoint} was not asked for workflow {Workflow}; it is tried again")]
    private partial void LogNotAsked(Exception exception, string operation, string endpoint, string workflow);
}
