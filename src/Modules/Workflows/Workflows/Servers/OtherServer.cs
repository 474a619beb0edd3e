using System.Reflection;
using Flagstone.Platform.Identity;
using Flagstone.Workflows.Frontend;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Temporalio.Client;
using SdkException = Temporalio.Exceptions.RpcException;

namespace Flagstone.Workflows.Servers;

/// <summary>
/// A Temporal server elsewhere, by the SDK's client. It knows the platform by the one key that it was given: who may do what is decided here, and a
/// request's identity names who asked.
/// </summary>
internal sealed class OtherServer(ITemporalConnection connection) : ITemporalServer
{
    /// <summary>Nothing that the platform asks waits longer: who reconciles asks again, and a page says that nothing came.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly RpcDispatch<RpcOptions?> client = new([(RpcTable.WorkflowService, connection.WorkflowService), (RpcTable.OperatorService, connection.OperatorService)], MethodOf);

    public bool IsEmbedded => false;

    public async Task<TResponse> CallAsync<TResponse>(Caller caller, IMessage request, string reason, CancellationToken ct)
        where TResponse : class, IMessage
    {
        if (CallerInterceptor.Refuse(RpcTable.MethodOf(request), caller, request) is { } why)
        {
            throw RpcErrors.Denied(why);
        }

        try
        {
            return await client.CallAsync<TResponse>(request, new RpcOptions { Retry = false, Timeout = Longest, CancellationToken = ct });
        }
        catch (SdkException e)
        {
            throw new RpcException(new Status((StatusCode)(int)e.Code, e.Message, e));
        }
        catch (InvalidOperationException e)
        {
            // So the client says that it cannot connect.
            throw new RpcException(new Status(StatusCode.Unavailable, e.Message, e));
        }
    }

    private static MethodInfo? MethodOf(Type service, MethodDescriptor rpc) =>
        service.GetMethod($"{rpc.Name}Async", [rpc.InputType.ClrType, typeof(RpcOptions)]);
}
