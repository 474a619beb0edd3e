using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Contracts;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Frontend;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Flagstone.Workflows.Servers;

/// <summary>
/// The server that the settings name instead of the embedded one. It is connected to when it is first asked. It knows the platform by one key, so that
/// what people do there is in the ledger here, before it is asked of the server, and its events name them in the identity.
/// </summary>
internal sealed class ExternalServer(OtherServers servers, TemporalServer at, LedgerWriter ledger) : ITemporalServer
{
    /// <summary>The fields by which a request that is about no run says what it is about.</summary>
    private static readonly string[] Names = ["workflow_id", "schedule_id", "activity_id", "job_id"];

    public bool IsEmbedded => false;

    public async Task<TResponse> CallAsync<TResponse>(Caller caller, IMessage request, string reason, CancellationToken ct)
        where TResponse : class, IMessage
    {
        var method = RpcTable.MethodOf(request);
        if (CallerInterceptor.Refuse(method, caller, request) is null && RpcTable.AccessOf(method) == RpcAccess.Run && !caller.IsSystem)
        {
            Name(caller, request);
            await RecordAsync(caller, method, request, reason, ct);
        }

        return await (await servers.ConnectAsync(at)).CallAsync<TResponse>(caller, request, reason, ct);
    }

    private static void Name(Caller caller, IMessage request)
    {
        if (Text(request, "identity") is { Length: > 0 } program)
        {
            request.Descriptor.FindFieldByName("identity").Accessor.SetValue(request, $"{caller.Name} by {program}");
        }
    }

    private async Task RecordAsync(Caller caller, string method, IMessage request, string reason, CancellationToken ct)
    {
        var run = Message(request, "workflow_execution") ?? Message(request, "execution");
        var name = ((string[])[Text(run, "run_id"), Text(run, "workflow_id"), .. Names.Select(f => Text(request, f))]).FirstOrDefault(n => n.Length > 0, "-");
        try
        {
            await ledger.CommitAsync(new Unit
            {
                Actor = caller.Actor, Origin = Evidence.ConsoleOrigin, Reason = reason.Length > 0 ? reason : Text(request, "reason"),
                Notes = [new LedgerNote(new ResourceKey(Evidence.Kind, Text(request, "namespace"), name), method[(method.LastIndexOf('/') + 1)..], "")],
            }, ct);
        }
        catch (StoreUnavailableException e)
        {
            // What cannot be recorded is not done.
            throw RpcErrors.Unavailable(e.Message);
        }
    }

    private static IMessage? Message(IMessage message, string field) =>
        message.Descriptor.FindFieldByName(field) is { FieldType: FieldType.Message } found ? found.Accessor.GetValue(message) as IMessage : null;

    private static string Text(IMessage? message, string field) =>
        message?.Descriptor.FindFieldByName(field) is { FieldType: FieldType.String } found ? (string)found.Accessor.GetValue(message) : "";
}
