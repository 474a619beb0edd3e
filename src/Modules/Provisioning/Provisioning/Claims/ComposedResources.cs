using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>Reads what a composite is made of.</summary>
internal sealed class ComposedResources(ResourceStore store, ConnectionSecrets secrets)
{
    /// <summary>What is there, by the name of its template, with the values of its connection secret.</summary>
    public async Task<Dictionary<string, ObservedResource>> ObserveAsync(JsonObject composite, CancellationToken ct)
    {
        var observed = new Dictionary<string, ObservedResource>(StringComparer.Ordinal);
        foreach (var owned in await store.OwnedByAsync(composite.UidOf(), ct))
        {
            var document = owned.ToDocument();
            if (document.Annotation(Names.ResourceNameAnnotation) is not { Length: > 0 } name)
            {
                continue;
            }

            var secret = document.At("spec", "writeConnectionSecretToRef");
            var ns = secret.Text("namespace") is { Length: > 0 } given ? given : owned.Key.Namespace;
            observed[name] = new ObservedResource(document, await secrets.ReadAsync(ns, secret.Text("name"), ct));
        }

        return observed;
    }
}
