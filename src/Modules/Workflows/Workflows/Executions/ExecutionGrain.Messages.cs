using Flagstone.Workflows.Outbox;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Messages from other executions, and what became of those that this one sent.</summary>
internal sealed partial class ExecutionGrain
{
    public async Task<Receipt> ReceiveAsync(Delivery delivery)
    {
        // Every effect marks or removes its message in its own commit: what is marked or gone has been done.
        if (await outbox.IsDeliveredAsync(delivery.Key, CancellationToken.None) is not { } isDelivered)
        {
            return Receipt.Gone;
        }

        if (isDelivered)
        {
            return Receipt.Done;
        }

        var about = HistoryEvent.Parser.ParseFrom(delivery.Event);
        if (delivery.Key.Kind == OutboxKind.Start)
        {
            return await ReceiveStartAsync(delivery, about);
        }

        if (run is null || (delivery.Key.Kind is OutboxKind.Signal or OutboxKind.Cancel && !Receiving.IsMeant(run, delivery, about)))
        {
            return await ReceiptOfMissingAsync(delivery);
        }

        // A parent's end and a child's are the server's acts; the others are those of who commanded them.
        var by = delivery.Key.Kind is OutboxKind.Signal or OutboxKind.Cancel ? about.Principal : null;
        var change = Step(by);
        var receipt = Receiving.Apply(change, delivery, about);
        if (!change.IsMarked)
        {
            Drop();
            return receipt;
        }

        return await CommitAsync(change) is null ? receipt : Receipt.Again;
    }

    public async Task<bool> SettleAsync(Delivery delivery, Receipt receipt)
    {
        if (run is null)
        {
            return true;
        }

        var change = Step();
        if (!Settling.Apply(change, delivery, receipt))
        {
            Drop();
            return true;
        }

        return await CommitAsync(change) is null;
    }

    private async Task<Receipt> ReceiveStartAsync(Delivery delivery, HistoryEvent initiated)
    {
        var (request, origin) = Receiving.StartOf(delivery, initiated);
        var decision = Starting.Decide(run, request);
        if (decision is StartDecision.Running or StartDecision.Finished or StartDecision.Existing)
        {
            return decision == StartDecision.Existing ? Receipt.Done : Receipt.Exists;
        }

        var begun = Starting.Begin(key, request, delivery.TargetRun, clock.GetUtcNow(), initiated.Principal, origin);
        begun.Mark(delivery.Key);
        return await CommitAsync(Replacing(decision, begun, null)) is null ? Receipt.Done : Receipt.Again;
    }

    /// <summary>A cancellation of a run that is over is as good as done; nothing else finds a run that is not the current one.</summary>
    private async Task<Receipt> ReceiptOfMissingAsync(Delivery delivery) => delivery.Key.Kind switch
    {
        OutboxKind.Cancel => delivery.TargetRun.Length > 0 && await store.FindRunAsync(key, delivery.TargetRun, CancellationToken.None) is not null
            ? Receipt.Done : Receipt.NotFound,
        OutboxKind.Signal => Receipt.NotFound,
        _ => Receipt.Needless,
    };
}
