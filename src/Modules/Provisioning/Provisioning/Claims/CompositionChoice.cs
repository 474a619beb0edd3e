using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>Which composition makes a composite: the enforced one, else the one it names, else by its labels, else the default.</summary>
internal sealed class CompositionChoice(ResourceStore store)
{
    /// <param name="definition">The CompositeResourceDefinition.</param>
    /// <param name="composite">The composite's kind.</param>
    /// <param name="machinery">Where the composite, or its claim, says what it wants; null where it says nothing.</param>
    public async Task<(JsonObject? Composition, string? Problem)> ChooseAsync(
        JsonObject definition, KindDefinition composite, JsonNode? machinery, CancellationToken ct)
    {
        var named = definition.At("spec", "enforcedCompositionRef").Text("name") is { Length: > 0 } enforced ? enforced : machinery.At("compositionRef").Text("name");
        var labels = machinery.At("compositionSelector", "matchLabels") as JsonObject;
        if (named.Length == 0 && labels is null)
        {
            named = definition.At("spec", "defaultCompositionRef").Text("name");
        }

        if (named.Length > 0)
        {
            var found = await store.FindAsync(new ResourceKey(CompositionKinds.CompositionId, "", named), ct);
            if (found is null)
            {
                return (null, $"cannot get Composition: composition \"{named}\" is not there. {await OfferAsync(composite, ct)}");
            }

            var document = found.ToDocument();
            return Makes(document, composite) ? (document, null)
                : (null, $"cannot use Composition: composition \"{named}\" makes {document.At("spec", "compositeTypeRef").Text("kind")}, not {composite.Kind}. {await OfferAsync(composite, ct)}");
        }

        var compatible = await CompatibleAsync(composite, ct);
        var matching = compatible.Find(c => (labels ?? []).All(l => c.Label(l.Key) == l.Value?.ToString()));
        return matching is not null ? (matching, null)
            : (null, $"cannot select Composition: no composition of {composite.Kind} {(labels is null ? "is there" : $"has the labels {labels.ToJsonString()}")}. {await OfferAsync(composite, ct)}");
    }

    private static bool Makes(JsonObject composition, KindDefinition composite)
    {
        var type = composition.At("spec", "compositeTypeRef");
        return type.Text("kind") == composite.Kind && composite.Versions.Any(v => composite.ApiVersionOf(v) == type.Text("apiVersion"));
    }

    private async Task<List<JsonObject>> CompatibleAsync(KindDefinition composite, CancellationToken ct) =>
        [.. (await store.ListAsync(new ListQuery(CompositionKinds.CompositionId), ct)).Items.Select(i => i.ToDocument()).Where(c => Makes(c, composite))];

    private async Task<string> OfferAsync(KindDefinition composite, CancellationToken ct)
    {
        var names = (await CompatibleAsync(composite, ct)).ConvertAll(c => c.NameOf());
        return names.Count == 0
            ? $"Apply a Composition whose compositeTypeRef is {composite.ApiVersion} {composite.Kind}."
            : $"Use one of: {string.Join(", ", names)}; or apply one of that name.";
    }
}
