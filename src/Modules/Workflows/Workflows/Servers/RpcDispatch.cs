using System.Collections.Frozen;
using System.Reflection;
using Flagstone.Workflows.Frontend;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Flagstone.Workflows.Servers;

/// <summary>Finds the method of a class that answers a request, by the descriptors of Temporal's services: each request belongs to one RPC.</summary>
/// <typeparam name="TOptions">What such a method takes beside the request.</typeparam>
internal sealed class RpcDispatch<TOptions>
{
    private static readonly MethodInfo Bind = typeof(RpcDispatch<TOptions>).GetMethod(nameof(Bound), BindingFlags.NonPublic | BindingFlags.Static)!;

    private readonly FrozenDictionary<string, Func<IMessage, TOptions, Task<IMessage>>> methods;

    /// <param name="targets">Each service with the object whose methods answer it.</param>
    /// <param name="find">The method of an RPC; null for none.</param>
    public RpcDispatch(IEnumerable<(ServiceDescriptor Service, object Target)> targets, Func<Type, MethodDescriptor, MethodInfo?> find) =>
        methods = (
            from target in targets
            from rpc in target.Service.Methods
            where find(target.Target.GetType(), rpc) is not null
            select (Name: NameOf(rpc.InputType), Method: (Func<IMessage, TOptions, Task<IMessage>>)Bind
                .MakeGenericMethod(rpc.InputType.ClrType, rpc.OutputType.ClrType).Invoke(null, [target.Target, find(target.Target.GetType(), rpc)])!))
            .ToFrozenDictionary(m => m.Name, m => m.Method, StringComparer.Ordinal);

    public async Task<TResponse> CallAsync<TResponse>(IMessage request, TOptions options)
        where TResponse : class, IMessage => (TResponse)await methods[NameOf(request.Descriptor)](request, options);

    private static string NameOf(MessageDescriptor request) => request.FullName;

    private static Func<IMessage, TOptions, Task<IMessage>> Bound<TRequest, TResponse>(object target, MethodInfo method)
        where TRequest : class, IMessage
        where TResponse : class, IMessage
    {
        var call = method.CreateDelegate<Func<TRequest, TOptions, Task<TResponse>>>(target);
        return async (request, options) => await call((TRequest)request, options);
    }
}
