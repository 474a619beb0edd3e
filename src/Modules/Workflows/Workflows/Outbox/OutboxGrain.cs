using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.Schedules;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Flagstone.Workflows.Outbox;

/// <summary>
/// Delivers messages: to one receiver in their order, to many at once. It holds no truth: a message is there until a step of an execution, or nobody,
/// answers it, and a receiver knows what it was given before. What fails is due again, later each time.
/// </summary>
[GrainType("flagstone.workflow-outbox"), CollectionAgeLimit(Minutes = 2), Orleans.Concurrency.Reentrant]
internal sealed partial class OutboxGrain(
    OutboxStore outbox, ExecutionStore executions, IGrainFactory grains, TimeProvider clock, ILogger<OutboxGrain> logger) : Grain, IOutboxGrain
{
    /// <summary>So many are read at once; the rest when they are gone.</summary>
    private const int MaxMessages = 1_000;

    /// <summary>Receivers that are called at once.</summary>
    private const int MaxReceivers = 16;

    /// <summary>A pass ends before Orleans gives the call of a scheduler up.</summary>
    private static readonly TimeSpan LongestPass = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, RunState?> senders = [];
    private ExecutionKey key;
    private Task<int> pass = Task.FromResult(0);
    private bool asked;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = ExecutionKey.Parse(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public Task DeliverAsync()
    {
        PassAsync().Ignore();
        return Task.CompletedTask;
    }

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (await PassAsync() is > 0 and var failed)
        {
            throw new InvalidOperationException($"{failed} receivers of what {key.WorkflowId} sends could not be reached.");
        }

        return asked ? ReconcileResult.After(TimeSpan.Zero) : ReconcileResult.Done;
    }

    /// <summary>One pass at a time; who asks meanwhile is served by it. Returns how many receivers failed.</summary>
    private Task<int> PassAsync()
    {
        asked = true;
        return pass.IsCompleted ? pass = RunAsync() : pass;
    }

    private async Task<int> RunAsync()
    {
        var until = clock.GetUtcNow() + LongestPass;
        var failed = 0;
        while (asked && failed == 0 && clock.GetUtcNow() < until)
        {
            asked = false;
            senders.Clear();
            var messages = await outbox.ReadAsync(key, MaxMessages, CancellationToken.None);
            using var slots = new SemaphoreSlim(MaxReceivers);
            var delivered = await Task.WhenAll(messages.GroupBy(m => m.Target).Select(g => DeliverAsync(g, slots)));
            failed = delivered.Count(d => !d);
            asked |= messages.Count == MaxMessages;
        }

        senders.Clear();
        return failed;
    }

    /// <summary>Delivers to one receiver; false when one failed, and those after it wait.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "A receiver that fails must not keep messages from the others.")]
    private async Task<bool> DeliverAsync(IEnumerable<OutboxMessage> messages, SemaphoreSlim slots)
    {
        await slots.WaitAsync();
        try
        {
            foreach (var message in messages)
            {
                if (!await DeliverAsync(message))
                {
                    return false;
                }
            }

            return true;
        }
        catch (Exception e)
        {
            LogUndelivered(e, key.WorkflowId);
            return false;
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<bool> DeliverAsync(OutboxMessage message)
    {
        if (await DeliveryOfAsync(message) is not { } delivery)
        {
            await outbox.DropAsync(key, message.Key, CancellationToken.None);
            return true;
        }

        var receipt = message.IsDelivered ? Receipt.Done
            : message.Key.Kind == OutboxKind.ScheduledClosed ? await Schedule(message.Target).ReceiveAsync(delivery)
            : message.Key.Kind == OutboxKind.CallbacksDue ? await CallbackDelivery.DeliverAsync(grains, senders[message.Key.RunId]!, delivery.Event)
            : await Execution(message.Target).ReceiveAsync(delivery);
        switch (receipt)
        {
            case Receipt.Again:
                return false;
            case Receipt.Gone:
                return true;
            case Receipt.Needless:
                await outbox.DropAsync(key, message.Key, CancellationToken.None);
                return true;
            default:
                // Whoever asked is told; other messages went with the receiver's commit.
                return message.Key.Kind is not (OutboxKind.Start or OutboxKind.Signal or OutboxKind.Cancel)
                    || await Execution(key.WorkflowId).SettleAsync(delivery, receipt);
        }
    }

    /// <summary>Null when the run that sent it is no more.</summary>
    private async Task<Delivery?> DeliveryOfAsync(OutboxMessage message)
    {
        var (runId, _, eventId) = message.Key;
        if (!senders.TryGetValue(runId, out var sender))
        {
            senders[runId] = sender = await executions.FindRunAsync(key, runId, CancellationToken.None);
        }

        var about = await executions.EventsAsync(runId, eventId, eventId, 1, HistoryLimits.MaxBytes, CancellationToken.None);
        var child = message.Key.Kind == OutboxKind.Start ? sender?.Children.GetValueOrDefault(eventId) : null;
        return sender is null || about.Count == 0 ? null
            : new Delivery(
                message.Key, key.WorkflowId, message.TargetRun, about[0].ToByteArray(), sender.Root?.WorkflowId ?? key.WorkflowId,
                sender.Root?.RunId ?? sender.FirstRunId, sender.Type, sender.Parent?.InitiatedId ?? 0,
                sender.Children.Values.FirstOrDefault(c => c.WorkflowId == message.Target)?.ParentRunId ?? "")
            {
                StartedBy = sender.StartedBy, InheritedVersion = child?.InheritedVersion, InheritedOverride = child?.InheritedOverride?.ToByteArray(),
            };
    }

    private IExecutionGrain Execution(string workflowId) => grains.GetGrain<IExecutionGrain>(new ExecutionKey(key.Namespace, workflowId).ToString());

    private IScheduleGrain Schedule(string id) => grains.GetGrain<IScheduleGrain>(new ScheduleKey(key.Namespace, id).ToString());

    [LoggerMessage(Level = LogLevel.Warning, Message = "What execution {Workflow} sends to another one was not delivered; it is tried again")]
    private partial void LogUndelivered(Exception exception, string workflow);
}
