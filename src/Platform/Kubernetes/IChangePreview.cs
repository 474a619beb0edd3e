using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kubernetes;

/// <summary>
/// Says what would follow from a change that was only tried (<c>dryRun=All</c>). The answer to the request has it at <c>status.plan</c>, where
/// <c>kubectl diff</c> and <c>--dry-run=server -o yaml</c> show it; nothing of it is stored.
/// </summary>
public interface IChangePreview
{
    /// <param name="next">The resource as the change would store it.</param>
    /// <returns>Null when nothing would follow, and of a kind of which this knows nothing.</returns>
    Task<JsonObject?> PreviewAsync(Caller caller, KindDefinition kind, JsonObject next, CancellationToken ct);
}
