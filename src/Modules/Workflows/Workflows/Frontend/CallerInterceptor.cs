using System.Net;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Workflows.Processes;
using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Flagstone.Workflows.Frontend;

/// <summary>Lets nobody past without a token, but callers of this machine where the settings admit them.</summary>
internal sealed partial class CallerInterceptor(
    Authenticator authenticator, WorkflowsOptions options, OwnConnection own, InstallationServer installation, ILogger<CallerInterceptor> logger) : Interceptor
{
    private const string Key = "flagstone.caller";
    private const string ReasonKey = "flagstone.reason";

    /// <summary>Callers of this machine without a token, where they are admitted.</summary>
    private static readonly Caller Anonymous = new(new Actor("anonymous"), "anonymous", Role.Administrator);

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var http = context.GetHttpContext();
        var caller = OwnConnection.Is(http) ? own.CallerOf(http)
            : await authenticator.WorkflowCallerAsync(http, context.CancellationToken) ?? (IsAdmitted(http) ? Anonymous : null);
        if (caller is null)
        {
            http.Features.Set(SignInFailed.Instance);
            throw RpcErrors.Unauthenticated("No good token came with the request. Give the client an API key: a token of this installation, as docs/guides/temporal.md shows.");
        }

        if (installation.Elsewhere is { } elsewhere)
        {
            throw RpcErrors.FailedPrecondition($"This installation uses the Temporal server at {elsewhere}, and has no workflows of its own. Connect the client there.");
        }

        if (Refuse(context.Method, caller, request) is { } why)
        {
            throw RpcErrors.Denied(why);
        }

        Admit(context, caller);
        try
        {
            return await continuation(request, context);
        }
        catch (StoreUnavailableException e)
        {
            throw RpcErrors.Unavailable(e.Message);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            LogNoAnswer(e, context.Method);
            throw RpcErrors.Unavailable("The execution or task queue could not answer now. Try again.");
        }
    }

    /// <summary>Why a caller may not call a method with a request; null when they may.</summary>
    public static string? Refuse(string method, Caller caller, object request) => RpcTable.AccessOf(method) switch
    {
        RpcAccess.Run => AccessRules.RefuseWorkflows(caller, NamespaceOf(request)),
        RpcAccess.ReadOwn => AccessRules.RefuseWorkflowLists(caller, NamespaceOf(request)),
        RpcAccess.Gateway => AccessRules.RefuseOperating(caller),
        RpcAccess.Open => null,
        _ => AccessRules.RefuseReading(caller, NamespaceOf(request)),
    };

    /// <summary>Says who calls.</summary>
    /// <param name="reason">Why, for the ledger; empty for none.</param>
    public static void Admit(ServerCallContext context, Caller caller, string reason = "") =>
        (context.UserState[Key], context.UserState[ReasonKey]) = (caller, reason);

    private bool IsAdmitted(HttpContext http) => options.Anonymous && http.Request.Headers.Authorization.Count == 0
        && http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);

    private static string NamespaceOf(object request) =>
        request is IMessage message && message.Descriptor.FindFieldByName("namespace") is { FieldType: FieldType.String } field ? (string)field.Accessor.GetValue(message) : "";

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} got no answer from a grain")]
    private partial void LogNoAnswer(Exception exception, string method);

    /// <summary>Who calls.</summary>
    public static Caller Of(ServerCallContext context) => (Caller)context.UserState[Key];

    /// <summary>Why they call; empty when they do not say.</summary>
    public static string ReasonOf(ServerCallContext context) => context.UserState.TryGetValue(ReasonKey, out var reason) ? (string)reason : "";
}
