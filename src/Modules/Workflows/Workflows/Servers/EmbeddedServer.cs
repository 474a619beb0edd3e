using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Workflows.Frontend;
using Google.Protobuf;
using Grpc.Core;
using Orleans.Runtime;

namespace Flagstone.Workflows.Servers;

/// <summary>This installation's own frontend, asked within the process: with the rights, the checks and the principal that the same call has over gRPC.</summary>
internal sealed class EmbeddedServer(WorkflowServiceHandlers workflows, OperatorServiceHandlers operators) : ITemporalServer
{
    private readonly RpcDispatch<ServerCallContext> handlers = new([(RpcTable.WorkflowService, workflows), (RpcTable.OperatorService, operators)], RpcTable.HandlerOf);

    public bool IsEmbedded => true;

    public async Task<TResponse> CallAsync<TResponse>(Caller caller, IMessage request, string reason, CancellationToken ct)
        where TResponse : class, IMessage
    {
        var method = RpcTable.MethodOf(request);
        if (CallerInterceptor.Refuse(method, caller, request) is { } why)
        {
            throw RpcErrors.Denied(why);
        }

        try
        {
            return await handlers.CallAsync<TResponse>(request, new EmbeddedCall(method, caller, reason, ct));
        }
        catch (Exception e) when (e is StoreUnavailableException or OrleansException or TimeoutException)
        {
            throw RpcErrors.Unavailable("The execution or task queue could not answer now. Try again.");
        }
    }
}
