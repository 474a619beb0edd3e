using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary><c>spec.references</c>: resources of this platform that must be there first, and whose fields go into the manifest.</summary>
internal sealed class ObjectReferences(ResourceStore store, KindRegistry kinds)
{
    /// <summary>The manifest with what its references give, and what is not there yet; null when all is.</summary>
    public async Task<(JsonObject Manifest, string? Missing)> ResolveAsync(ManagedResource resource, JsonObject manifest, CancellationToken ct)
    {
        var resolved = manifest.DeepClone().AsObject();
        foreach (var reference in resource.Document.At("spec", "references") as JsonArray ?? [])
        {
            var patches = reference?["patchesFrom"] as JsonObject;
            if ((patches ?? reference?["dependsOn"]) is not JsonObject target)
            {
                continue;
            }

            var (found, missing) = await FindAsync(resource, target, ct);
            if (missing is not null)
            {
                return (resolved, missing);
            }

            if (patches is null)
            {
                continue;
            }

            var from = patches.Text("fieldPath");
            if (!Paved.TryGet(found, from, out var value) || value is null)
            {
                return (resolved, $"{target.Text("kind")} '{target.Text("name")}' has no {from} yet");
            }

            try
            {
                Paved.Set(resolved, reference.Text("toFieldPath") is { Length: > 0 } to ? to : from, value.DeepClone());
            }
            catch (PatchFailure e)
            {
                return (resolved, $"spec.references: {e.Message}");
            }
        }

        return (resolved, null);
    }

    private async Task<(JsonObject? Found, string? Missing)> FindAsync(ManagedResource resource, JsonObject target, CancellationToken ct)
    {
        var (apiVersion, name) = (target.Text("apiVersion"), target.Text("kind"));
        // provider-kubernetes means another Object when no kind is named.
        var kind = name.Length == 0 ? resource.Kind : kinds.TryFind(apiVersion, name, out var known) ? known : null;
        if (kind is null)
        {
            return (null, $"There is no kind {apiVersion} {name}");
        }

        var ns = target.Text("namespace");
        if (resource.Kind.Namespaced)
        {
            // Who may write in one namespace must not read others through us.
            if (!kind.Namespaced || (ns.Length > 0 && ns != resource.Key.Namespace))
            {
                return (null, $"{kind.Kind} '{target.Text("name")}' is not in the namespace '{resource.Key.Namespace}', and no other may be referred to");
            }

            ns = resource.Key.Namespace;
        }

        return (await store.FindAsync(kind.Key(ns, target.Text("name")), ct))?.ToDocument() is { } found
            ? (found, null)
            : (null, $"{kind.Kind} '{target.Text("name")}' is not there yet");
    }
}
