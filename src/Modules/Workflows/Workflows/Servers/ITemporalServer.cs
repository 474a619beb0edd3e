using Flagstone.Platform.Identity;
using Google.Protobuf;

namespace Flagstone.Workflows.Servers;

/// <summary>
/// A Temporal server: the embedded one, or one elsewhere. What the platform has above workflows (pages, the REST API, claims) asks it by the messages of
/// Temporal's gRPC API, so that it is the same code for both.
/// </summary>
internal interface ITemporalServer
{
    /// <summary>Whether it is within this process: what is only there (evidence, the queues in use) is asked of the module's own stores.</summary>
    bool IsEmbedded { get; }

    /// <summary>Calls the RPC that takes such a request.</summary>
    /// <param name="caller">Who asks. The embedded server records them as the principal; another one knows only the key that it was given.</param>
    /// <param name="reason">Why, for the ledger; empty where the request says it, or nothing changes.</param>
    /// <exception cref="Grpc.Core.RpcException">Refused, or not answered.</exception>
    Task<TResponse> CallAsync<TResponse>(Caller caller, IMessage request, string reason, CancellationToken ct)
        where TResponse : class, IMessage;
}
