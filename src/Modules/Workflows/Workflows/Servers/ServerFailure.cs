using Flagstone.Platform.Problems;
using Grpc.Core;

namespace Flagstone.Workflows.Servers;

/// <summary>What a Temporal server did not answer, in words. Pure.</summary>
internal static class ServerFailure
{
    public static string Text(InstallationServer server, RpcException failure)
    {
        var name = server.Elsewhere is { } elsewhere ? $"The Temporal server at {elsewhere}" : "The Temporal server";
        return $"{name} {Failed(failure.StatusCode)}: {failure.Status.Detail}";
    }

    /// <summary>For the REST API; each has its page in <c>docs/problems</c>. Null for what only a fault of ours can be.</summary>
    public static Problem? Problem(InstallationServer server, RpcException failure) => failure.StatusCode switch
    {
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.ResourceExhausted or StatusCode.Unauthenticated
            or StatusCode.PermissionDenied or StatusCode.Unimplemented =>
            new(503, "temporal-server-unavailable", "ServiceUnavailable", "The Temporal server did not answer", Text(server, failure)),
        StatusCode.DataLoss => new(500, "archive-unreadable", "InternalError", "The archive cannot be read", failure.Status.Detail),
        _ => null,
    };

    private static string Failed(StatusCode code) => code switch
    {
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled => "does not answer now",
        StatusCode.Unauthenticated or StatusCode.PermissionDenied => "does not let the platform in",
        StatusCode.Unimplemented => "does not know what is asked of it",
        StatusCode.DataLoss => "has data that it cannot read",
        _ => "refuses",
    };
}
