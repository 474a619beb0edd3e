using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Plans;

/// <summary>Applies a composition that someone edited: only over the text that they began with, so that nobody's change is lost.</summary>
internal sealed class CompositionRollout(ResourceStore store, ResourceGateway gateway)
{
    private static readonly WriteOptions Options = new() { FieldManager = "flagstone-console" };

    /// <summary>Null when it is applied. A conflict, when the composition is not as it was opened any more.</summary>
    /// <param name="opened">The manifest as it was when the editing began.</param>
    public async Task<Problem?> ApplyAsync(Caller caller, string opened, JsonObject manifest, CancellationToken ct)
    {
        var kind = CompositionKinds.Composition;
        var key = kind.Key("", manifest.NameOf());
        // A reconcile moves the version too: what counts is what people wrote.
        var outcome = await gateway.UpdateAsync(caller, kind, key, (current, _) => new(CompositionManifests.Of(current) == opened
            ? (CompositionManifests.Replace(current, manifest), null)
            : (null, Catalogue.Conflict(key, "it was changed since you began to edit it"))), Options, ct);
        return (outcome as Refused)?.Problem;
    }

    /// <summary>The manifest as it is now; null when the composition is gone.</summary>
    public async Task<string?> FindAsync(string name, CancellationToken ct) =>
        await store.FindAsync(CompositionKinds.Composition.Key("", name), ct) is { } found ? CompositionManifests.Of(found.ToDocument()) : null;
}
