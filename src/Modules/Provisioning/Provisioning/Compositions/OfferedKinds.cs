using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Reads a CompositeResourceDefinition into the kinds that it offers: the composite, and the claim when it names one.</summary>
internal static class OfferedKinds
{
    public const string CompositeCategory = "composite";
    public const string ClaimCategory = "claim";

    public static bool IsClaim(this KindDefinition kind) => kind.DefinedBy?.Kind == CompositionKinds.DefinitionId && kind.Categories.Contains(ClaimCategory);

    public static bool IsComposite(this KindDefinition kind) =>
        kind.DefinedBy?.Kind == CompositionKinds.DefinitionId && kind.Categories.Contains(CompositeCategory);

    /// <summary>The composite's claim kind or the claim's composite kind; null when there is none.</summary>
    public static KindDefinition? Partner(this KindRegistry kinds, KindDefinition kind) =>
        kinds.All.FirstOrDefault(k => k.DefinedBy is not null && k.DefinedBy == kind.DefinedBy && k.Id != kind.Id);

    public static IReadOnlyList<KindDefinition> Read(JsonObject definition) => TryRead(definition, out var kinds, out _) ? kinds : [];

    public static IEnumerable<ProblemCause> Check(JsonObject next, JsonObject? before)
    {
        TryRead(next, out _, out var causes);
        if (before is null)
        {
            return causes;
        }

        var changed = new List<ProblemCause>(causes);
        foreach (var member in (ReadOnlySpan<string>)["group", "names"])
        {
            if (!JsonNode.DeepEquals(before.At("spec", member), next.At("spec", member)))
            {
                changed.Add(new ProblemCause($"spec.{member}", "FieldValueInvalid", "Invalid value: field is immutable"));
            }
        }

        if (before.At("spec", "claimNames") is { } claims && !JsonNode.DeepEquals(claims, next.At("spec", "claimNames")))
        {
            changed.Add(new ProblemCause("spec.claimNames", "FieldValueInvalid", "Invalid value: claim names may be added, and then neither changed nor removed"));
        }

        return changed;
    }

    public static bool TryRead(JsonObject definition, out IReadOnlyList<KindDefinition> kinds, out IReadOnlyList<ProblemCause> causes)
    {
        (kinds, var found) = ([], new List<ProblemCause>());
        causes = found;
        var spec = definition["spec"]!.AsObject();
        var names = spec["names"]!;
        var expected = $"{names.Text("plural")}.{spec.Text("group")}";
        if (definition.NameOf() != expected)
        {
            found.Add(new ProblemCause("metadata.name", "FieldValueInvalid", $"Invalid value: \"{definition.NameOf()}\": must be {expected}, the plural and the group"));
        }

        var versions = spec["versions"]!.AsArray().OfType<JsonObject>().ToList();
        var stored = versions.FindAll(v => IsTrue(v["referenceable"]));
        if (stored.Count != 1)
        {
            found.Add(new ProblemCause("spec.versions", "FieldValueInvalid", "Invalid value: exactly one version must be referenceable"));
            return false;
        }

        var claimNames = spec["claimNames"];
        if (claimNames is not null && (claimNames.Text("kind") == names.Text("kind") || claimNames.Text("plural") == names.Text("plural")))
        {
            found.Add(new ProblemCause("spec.claimNames", "FieldValueInvalid", "Invalid value: the claim's kind and plural must differ from the composite's"));
        }

        var at = $"spec.versions[{versions.IndexOf(stored[0])}].schema.openAPIV3Schema";
        var own = stored[0].At("schema", "openAPIV3Schema") as JsonObject;
        var composite = Compile(CompositeSchema.ForComposite(own), at, found);
        var claim = Compile(CompositeSchema.ForClaim(own), at, claimNames is null || composite is null ? [] : found);
        if (found.Count > 0)
        {
            return false;
        }

        var offered = new List<KindDefinition> { Kind(definition, names, versions, stored[0], composite!, claim: false) };
        if (claimNames is not null)
        {
            offered.Add(Kind(definition, claimNames, versions, stored[0], claim!, claim: true));
        }

        kinds = offered;
        return true;
    }

    private static KindDefinition Kind(
        JsonObject definition, JsonNode names, List<JsonObject> versions, JsonObject stored, StructuralSchema schema, bool claim)
    {
        var storage = stored.Text("name");
        return new KindDefinition
        {
            Id = new KindId(names.Text("plural"), definition["spec"].Text("group")),
            Version = storage,
            OtherVersions = [.. versions.Where(v => IsTrue(v["served"])).Select(v => v.Text("name")).Where(v => v != storage)],
            Kind = names.Text("kind"),
            Singular = names.Text("singular"),
            ShortNames = Texts(names["shortNames"]),
            Categories = [.. Texts(names["categories"]).Union(claim ? [ClaimCategory, "claims"] : [CompositeCategory])],
            Namespaced = claim,
            HasStatus = true,
            Schema = schema,
            Columns = [.. Columns(stored, claim)],
            DefinedBy = new ResourceKey(CompositionKinds.DefinitionId, "", definition.NameOf()),
            Stamp = $"{definition.UidOf()}/{definition.GenerationOf()}",
        };
    }

    private static IEnumerable<PrinterColumn> Columns(JsonObject version, bool claim)
    {
        yield return new PrinterColumn("SYNCED", ".status.conditions[?(@.type=='Synced')].status");
        yield return new PrinterColumn("READY", ".status.conditions[?(@.type=='Ready')].status");
        yield return claim
            ? new PrinterColumn("CONNECTION-SECRET", ".spec.writeConnectionSecretToRef.name")
            : new PrinterColumn("COMPOSITION", ".spec.compositionRef.name");
        foreach (var column in (version["additionalPrinterColumns"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            yield return new PrinterColumn(column.Text("name"), column.Text("jsonPath"), column.Text("type"), 0, column.Text("description"));
        }

        yield return new PrinterColumn("AGE", ".metadata.creationTimestamp", "date");
    }

    private static StructuralSchema? Compile(JsonObject schema, string at, List<ProblemCause> found)
    {
        if (StructuralSchema.TryParse(schema, out var compiled, out var errors))
        {
            return compiled;
        }

        found.AddRange(errors.Select(e => new ProblemCause($"{at}.{e.Field}", e.Reason, e.Body)));
        return null;
    }

    private static bool IsTrue(JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    private static IReadOnlyList<string> Texts(JsonNode? list) => [.. (list as JsonArray)?.Select(i => i?.ToString() ?? "") ?? []];
}
