using Flagstone.Workflows.Contracts;

namespace Flagstone.Workflows.Servers;

/// <summary>Which server the installation uses.</summary>
/// <param name="Elsewhere">Null for the embedded one.</param>
internal sealed record InstallationServer(TemporalServer? Elsewhere);
