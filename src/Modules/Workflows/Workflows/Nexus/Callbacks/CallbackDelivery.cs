using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus.Standalone;
using Flagstone.Workflows.Outbox;
using Google.Protobuf;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Nexus.Callbacks;

/// <summary>Tells those whose operation a run was of its end, wherever they are. Each one takes it once, so all are told again until all have been.</summary>
internal static class CallbackDelivery
{
    /// <summary>Needless when there is nobody to be told any more.</summary>
    public static async Task<Receipt> DeliverAsync(IGrainFactory grains, RunState run, byte[] last)
    {
        var link = NexusLinks.ToEvent(run.NamespaceName, run.WorkflowId, run.FirstRunId, 1, EventType.WorkflowExecutionStarted).ToByteArray();
        foreach (var (callback, _, _) in run.Callbacks)
        {
            if (CallbackToken.Read(callback) is not { } token)
            {
                continue;
            }

            callback.Nexus.Header.TryGetValue(CallbackToken.OperationHeader, out var operation);
            var completion = new NexusCompletion(token.RunId, token.ScheduledId, token.Secret, operation ?? "", last, link);
            var caller = new ExecutionKey(token.Namespace, token.WorkflowId).ToString();
            var receipt = token.Kind == CallbackToken.Standalone ? await grains.GetGrain<INexusOperationGrain>(caller).CompleteAsync(completion)
                : await grains.GetGrain<IExecutionGrain>(caller).CompleteNexusAsync(completion);
            if (receipt == Receipt.Again)
            {
                return Receipt.Again;
            }
        }

        return Receipt.Needless;
    }
}
