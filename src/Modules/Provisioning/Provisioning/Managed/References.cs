using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Managed;

/// <summary>What a field may take from another resource: its external name, or a field of its <c>status.atProvider</c>.</summary>
/// <param name="Field">Empty for the external name.</param>
internal sealed record Reference(KindId Kind, string Field = "")
{
    /// <summary>False where the name is enough, whether or not there is something of it.</summary>
    public bool MustBeReady { get; init; } = true;
}

/// <summary>
/// Puts in what other resources are: <c>kmsKeyIdRef</c> and <c>kmsKeyIdSelector</c> for <c>kmsKeyId</c>, <c>subnetIdRefs</c> and
/// <c>subnetIdSelector</c> for <c>subnetIds</c>. What is written out wins.
/// </summary>
internal sealed class References(ResourceStore store)
{
    /// <summary>No list at a provider takes more.</summary>
    private const int MaxSelected = 200;

    /// <summary><c>forProvider</c> without references, and what was not found; null when all was.</summary>
    public async Task<(JsonObject ForProvider, string? Missing)> ResolveAsync(
        IReadOnlyDictionary<string, Reference> fields, ManagedResource resource, CancellationToken ct)
    {
        var resolved = resource.ForProvider.DeepClone().AsObject();
        string? missing = null;
        foreach (var (field, reference) in fields)
        {
            var many = field.EndsWith("Ids", StringComparison.Ordinal);
            var stem = many ? field[..^1] : field;
            var (byName, bySelector) = (Take(resolved, stem + (many ? "Refs" : "Ref")), Take(resolved, stem + "Selector"));
            if (resolved[field] is not (null or JsonArray { Count: 0 }) || (byName is null && bySelector is null))
            {
                continue;
            }

            var names = (byName is JsonArray list ? [.. list] : byName is null ? Array.Empty<JsonNode?>() : [byName]).Select(r => r.Text("name")).ToList();
            var (values, why) = names.Count > 0 ? await NamedAsync(reference, names, ct) : await SelectedAsync(reference, resource, bySelector, ct);
            if (why is not null)
            {
                missing ??= $"{field}: {why}";
                resolved.Remove(field);
                continue;
            }

            resolved[field] = many ? new JsonArray([.. values.Select(v => (JsonNode)v)]) : values[0];
        }

        return (resolved, missing);
    }

    private static JsonNode? Take(JsonObject from, string member)
    {
        var value = from[member];
        from.Remove(member);
        return value;
    }

    private async Task<(IReadOnlyList<string> Values, string? Missing)> NamedAsync(Reference reference, List<string> names, CancellationToken ct)
    {
        var values = new List<string>(names.Count);
        foreach (var name in names)
        {
            var found = (await store.FindAsync(new ResourceKey(reference.Kind, "", name), ct))?.ToDocument();
            if (found is null || ValueOf(reference, found) is not { Length: > 0 } value)
            {
                return ([], $"{reference.Kind} '{name}' is {(found is null ? "not there" : "not ready yet")}");
            }

            values.Add(value);
        }

        return (values, null);
    }

    private async Task<(IReadOnlyList<string> Values, string? Missing)> SelectedAsync(Reference reference, ManagedResource resource, JsonNode? selector, CancellationToken ct)
    {
        var labels = new LabelSelector([.. (selector.At("matchLabels") as JsonObject ?? []).Select(l => new LabelRequirement(l.Key, SelectorOperator.In, [l.Value?.ToString() ?? ""]))]);
        var owner = selector.At("matchControllerRef")?.ToString() == "true" ? resource.Document.Controller().Text("uid") : "";
        var page = await store.ListAsync(new ListQuery(reference.Kind, Labels: labels, Limit: MaxSelected), ct);
        var matching = page.Items.Select(i => i.ToDocument()).Where(d => owner.Length == 0 || d.Controller().Text("uid") == owner).ToList();
        if (matching.Count == 0)
        {
            return ([], $"no {reference.Kind} matches the selector");
        }

        var values = matching.Select(d => ValueOf(reference, d)).ToList();
        var unready = values.FindIndex(v => v.Length == 0);
        return unready < 0 ? (values, null) : ([], $"{reference.Kind} '{matching[unready].NameOf()}' is not ready yet");
    }

    /// <summary>Empty while it is not ready: a name is known before there is something of it.</summary>
    private static string ValueOf(Reference reference, JsonObject document)
    {
        if (reference.MustBeReady && !document.IsTrue("Ready"))
        {
            return "";
        }

        return reference.Field.Length == 0 ? document.Annotation(Names.ExternalNameAnnotation) : document.At("status", "atProvider").Text(reference.Field);
    }
}
