using Flagstone.Workflows.Console;
using Flagstone.Workflows.Processes;
using Flagstone.Workflows.Servers;
using Grpc.Core;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.People.Outside;

/// <summary>
/// The namespaces of the server elsewhere whose workflows ask people here: those that it lists, the platform's own first; where its key may not list them,
/// those of the settings.
/// </summary>
internal sealed class PeopleNamespaces(NamespaceReader namespaces, PlatformNamespace own, InstallationServer installation)
{
    /// <summary>Each costs a worker in each process.</summary>
    public const int Most = 50;

    /// <exception cref="RpcException">The server does not answer.</exception>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken ct)
    {
        try
        {
            var listed = (await namespaces.ListAsync(OutsideHistory.Caller, ct)).Where(n => n.State != NamespaceState.Deleted).Select(n => n.Name).ToList();
            // The settings say which come first where there are too many.
            var wanted = installation.PeopleNamespaces.Intersect(listed).Concat(listed).Distinct();
            return [.. listed.Where(n => n == own.Name), .. wanted.Where(n => n != own.Name).Take(Most)];
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.Unimplemented)
        {
            return [own.Name, .. installation.PeopleNamespaces.Where(n => n != own.Name).Take(Most)];
        }
    }
}
