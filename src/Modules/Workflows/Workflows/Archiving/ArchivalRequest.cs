using Flagstone.Workflows.Frontend;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Archiving;

/// <summary>What a request asks of a namespace's archival. A history is archived with its visibility record, or not at all. Pure.</summary>
internal static class ArchivalRequest
{
    /// <summary>Whether the namespace is to archive; null where the request leaves it as it is.</summary>
    /// <param name="uris">Empty, or that of the installation's archive.</param>
    /// <exception cref="Grpc.Core.RpcException">It asks for what cannot be.</exception>
    public static bool? Read(ArchiveFolder archive, ArchivalState history, ArchivalState visibility, params ReadOnlySpan<string> uris)
    {
        foreach (var uri in uris)
        {
            if (uri.Length > 0 && archive.IsThere && uri.TrimEnd('/') != archive.Uri)
            {
                throw RpcErrors.InvalidArgument($"Invalid archival URI '{uri}': this installation archives to {archive.Uri}. Write that, or leave it empty.");
            }

            if (uri.Length > 0 && !archive.IsThere)
            {
                throw NoArchive();
            }
        }

        if (visibility == ArchivalState.Enabled && history != ArchivalState.Enabled)
        {
            throw RpcErrors.InvalidArgument("Visibility records are archived with the histories alone. Enable the archival of histories too.");
        }

        if (history == ArchivalState.Unspecified && visibility == ArchivalState.Disabled)
        {
            throw RpcErrors.InvalidArgument("Visibility records are archived with the histories. Say what is to be of the archival of histories too.");
        }

        return history switch
        {
            ArchivalState.Enabled when !archive.IsThere => throw NoArchive(),
            ArchivalState.Enabled => true,
            ArchivalState.Disabled => false,
            _ => null,
        };
    }

    private static Grpc.Core.RpcException NoArchive() =>
        RpcErrors.FailedPrecondition($"This installation has no archive. {ArchiveFolder.WayOut}");
}
