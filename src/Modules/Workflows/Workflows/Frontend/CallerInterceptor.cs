using System.Net;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Flagstone.Workflows.Frontend;

/// <summary>Lets nobody past without a token, but callers of this machine where the settings admit them.</summary>
internal sealed class CallerInterceptor(Authenticator authenticator, WorkflowsOptions options) : Interceptor
{
    private const string Key = "flagstone.caller";

    /// <summary>Callers of this machine without a token, where they are admitted.</summary>
    private static readonly Caller Anonymous = new(new Actor("anonymous"), "anonymous", Role.Administrator);

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var http = context.GetHttpContext();
        var isLocal = options.Anonymous && http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);
        var caller = await authenticator.CallerAsync(http, context.CancellationToken) ?? (isLocal && http.Request.Headers.Authorization.Count == 0 ? Anonymous : null);
        if (caller is null)
        {
            http.Features.Set(SignInFailed.Instance);
            throw RpcErrors.Unauthenticated("No good token came with the request. Give the client an API key: a token of this installation, as docs/guides/temporal.md shows.");
        }

        context.UserState[Key] = caller;
        return await continuation(request, context);
    }

    /// <summary>Who calls.</summary>
    public static Caller Of(ServerCallContext context) => (Caller)context.UserState[Key];
}
