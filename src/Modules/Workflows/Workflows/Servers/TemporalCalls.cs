using Flagstone.Platform.Identity;
using Google.Protobuf;
using Grpc.Core;

namespace Flagstone.Workflows.Servers;

/// <summary>What a call came to.</summary>
/// <param name="Refusal">Why it was refused, in a sentence; null when it was not.</param>
/// <param name="IsLate">Whether the server's time for an answer ended: what was asked for may be under way.</param>
internal sealed record CallOutcome<T>(T? Response, string? Refusal, bool IsLate = false)
    where T : class;

/// <summary>Calls the installation's Temporal server for people, with refusals as values.</summary>
internal sealed class TemporalCalls(ITemporalServer server)
{
    /// <param name="reason">Why, for the ledger; empty where the request says it.</param>
    public async Task<CallOutcome<TResponse>> CallAsync<TResponse>(Caller caller, IMessage request, string reason, CancellationToken ct)
        where TResponse : class, IMessage
    {
        try
        {
            return new(await server.CallAsync<TResponse>(caller, request, reason, ct), null);
        }
        catch (RpcException e)
        {
            return new(null, e.StatusCode == StatusCode.PermissionDenied ? $"You may not do this: {e.Status.Detail.TrimEnd('.')}." : e.Status.Detail,
                e.StatusCode == StatusCode.DeadlineExceeded);
        }
    }
}
