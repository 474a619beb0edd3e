using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Google.Protobuf;
using Grpc.Core;
using Orleans.Runtime;

namespace Flagstone.Workflows.Frontend;

/// <summary>What a call came to.</summary>
/// <param name="Refusal">Why it was refused, in a sentence; null when it was not.</param>
internal sealed record CallOutcome<T>(T? Response, string? Refusal)
    where T : class;

/// <summary>
/// Calls the handlers of Temporal's WorkflowService for the console: with the rights, the checks and the principal that the same call has over gRPC.
/// </summary>
internal sealed class LocalCalls(WorkflowServiceHandlers handlers)
{
    /// <param name="reason">Why, for the ledger; empty where the request says it.</param>
    public async Task<CallOutcome<TResponse>> CallAsync<TRequest, TResponse>(
        Caller caller, Func<WorkflowServiceHandlers, TRequest, ServerCallContext, Task<TResponse>> handler, TRequest request, string reason,
        CancellationToken ct)
        where TRequest : class, IMessage
        where TResponse : class
    {
        var method = $"/{RpcTable.WorkflowService.FullName}/{RpcTable.WorkflowService.Methods.Single(m => m.InputType == request.Descriptor).Name}";
        if (CallerInterceptor.Refuse(method, caller, request) is { } why)
        {
            return new(null, $"You may not do this: {why}.");
        }

        try
        {
            return new(await handler(handlers, request, new LocalCall(method, caller, reason, ct)), null);
        }
        catch (RpcException e)
        {
            return new(null, e.Status.Detail);
        }
        catch (Exception e) when (e is StoreUnavailableException or OrleansException or TimeoutException)
        {
            return new(null, "The execution or task queue could not answer now. Try again.");
        }
    }
}
