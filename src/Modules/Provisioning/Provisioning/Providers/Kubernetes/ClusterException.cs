using System.Net;
using Flagstone.Provisioning.Managed;

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

    /// <param name="problem">The message, without what nobody must read.</param>
    public DriverOutcome ToOutcome(string problem) => this switch
    {
        { IsUncertain: true } => new Unknown(problem),
        // Of what is applied only its namespace, or its kind, can be what is not found.
        { Status: HttpStatusCode.NotFound } => new Waiting(problem),
        _ => new Failed(problem) { Terminal = IsTerminal },
    };
}
