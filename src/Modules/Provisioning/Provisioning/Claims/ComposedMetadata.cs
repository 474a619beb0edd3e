using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Claims;

/// <summary>Crossplane's <c>RenderComposedResourceMetadata</c>: name, labels, annotation and owner of what a composite is made of.</summary>
internal static class ComposedMetadata
{
    /// <summary>Names the resource, keeps the name that it has already, and marks it as the composite's.</summary>
    /// <param name="template">The name of its template.</param>
    /// <param name="observed">As it is; null while it is not there.</param>
    /// <returns>True when the composition itself names it.</returns>
    public static bool Complete(JsonObject document, JsonObject composite, JsonObject owner, string template, JsonObject? observed)
    {
        var metadata = document.Metadata();
        var named = document.NameOf().Length > 0;
        if (composite.NamespaceOf() is { Length: > 0 } ns)
        {
            metadata["namespace"] = ns;
        }

        foreach (var member in (ReadOnlySpan<string>)["name", "namespace", "generateName"])
        {
            if (metadata.Text(member).Length == 0 && observed?["metadata"].Text(member) is { Length: > 0 } kept)
            {
                metadata[member] = kept;
            }
        }

        if (document.NameOf().Length == 0)
        {
            var prefix = metadata.Text("generateName") is { Length: > 0 } own ? own : ComposedNames.Prefix(composite.Label(Names.CompositeLabel));
            metadata["generateName"] = prefix;
            metadata["name"] = ComposedNames.Child(prefix, composite.UidOf(), template);
        }

        document.Annotate(Names.ResourceNameAnnotation, template);
        var labels = document.MetadataMap("labels");
        foreach (var label in (ReadOnlySpan<string>)[Names.CompositeLabel, Names.ClaimNameLabel, Names.ClaimNamespaceLabel])
        {
            if (composite.Label(label) is { Length: > 0 } value)
            {
                labels[label] = value;
            }
        }

        metadata["ownerReferences"] = new JsonArray(owner);
        return named;
    }
}
