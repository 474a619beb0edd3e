using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Flagstone.Workflows.Frontend;

/// <summary>
/// Binds a class of handlers to a service by the descriptors in the Temporalio package, without generated code: a handler is a public method of the RPC's
/// name, with <see cref="RpcAttribute"/>.
/// </summary>
internal sealed class RpcBinding<THandlers>(ServiceDescriptor service) : IServiceMethodProvider<THandlers>
    where THandlers : class
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<THandlers> context)
    {
        foreach (var rpc in service.Methods.Where(m => !m.IsClientStreaming && !m.IsServerStreaming))
        {
            typeof(RpcBinding<THandlers>).GetMethod(nameof(Add), System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!
                .MakeGenericMethod(rpc.InputType.ClrType, rpc.OutputType.ClrType).Invoke(null, [context, rpc]);
        }
    }

    private static void Add<TRequest, TResponse>(ServiceMethodProviderContext<THandlers> context, MethodDescriptor rpc)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var method = new Method<TRequest, TResponse>(MethodType.Unary, rpc.Service.FullName, rpc.Name, MarshallerOf<TRequest>(), MarshallerOf<TResponse>());
        if (RpcTable.HandlerOf(typeof(THandlers), rpc) is { } handler)
        {
            context.AddUnaryMethod(method, [], handler.CreateDelegate<UnaryServerMethod<THandlers, TRequest, TResponse>>());
            return;
        }

        context.AddUnaryMethod(method, [], (_, _, _) => throw new RpcException(new Status(
            StatusCode.Unimplemented, $"{rpc.Name} is not there yet. docs/reference/temporal-rpcs.md lists what is.")));
    }

    private static Marshaller<T> MarshallerOf<T>()
        where T : IMessage<T>, new()
    {
        var parser = new MessageParser<T>(() => new T());
        return new Marshaller<T>(
            (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
    }
}
