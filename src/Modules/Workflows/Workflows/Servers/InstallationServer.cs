using Flagstone.Workflows.Contracts;

namespace Flagstone.Workflows.Servers;

/// <summary>Which server the installation uses.</summary>
/// <param name="Elsewhere">Null for the embedded one.</param>
internal sealed record InstallationServer(TemporalServer? Elsewhere)
{
    /// <summary>The namespaces whose workflows ask people here, where the server does not list them; it is none for the embedded one.</summary>
    public IReadOnlyList<string> PeopleNamespaces { get; init; } = [];
}
