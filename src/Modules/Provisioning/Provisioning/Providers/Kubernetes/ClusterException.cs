using System.Net;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>A request that a cluster refused, or did not answer.</summary>
/// <param name="status">Null when no answer came.</param>
/// <param name="sent">False when the request cannot have reached the cluster.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It never leaves the provider.")]
internal sealed class ClusterException(string message, HttpStatusCode? status, bool sent = true) : Exception(message)
{
    public HttpStatusCode? Status => status;

    /// <summary>True when it may have been done: no answer, or one that says nothing of it.</summary>
    public bool IsUncertain => sent && (status is null || status is HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout);

    /// <summary>True when the same request will be refused again.</summary>
    public bool IsTerminal => status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.MethodNotAllowed or HttpStatusCode.UnsupportedMediaType
        or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.NotAcceptable;
}
