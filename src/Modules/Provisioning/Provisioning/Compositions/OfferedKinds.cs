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
        foreach (var member in (ReadOnlySpan<string>)["group", "names", "enforcedCompositionRef"])
        {
            if (before.At("spec", member) is { } was && !JsonNode.DeepEquals(was, next.At("spec", member)))
            {
                changed.Add(new ProblemCause($"spec.{member}", "FieldValueInvalid", "Invalid value: field is immutable"));
            }
        }

        if (CompositeShape.Of(before) != CompositeShape.Of(next))
        {
            changed.Add(new ProblemCause("spec.scope", "FieldValueInvalid", "Invalid value: field is immutable"));
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

        foreach (var member in (ReadOnlySpan<string>)["claimNames", "connectionSecretKeys"])
        {
            if (spec[member] is not null && !CompositeShape.Of(definition).IsLegacy)
            {
                found.Add(new ProblemCause($"spec.{member}", "FieldValueForbidden", $"Forbidden: {member} is of scope LegacyCluster alone: composites of other scopes have no claims, and compose their Secrets"));
            }
        }

        var composite = ReadVersions(definition, versions, claim: false, found);
        var claim = claimNames is null || found.Count > 0 ? null : ReadVersions(definition, versions, claim: true, found);
        if (found.Count > 0)
        {
            return false;
        }

        var offered = new List<KindDefinition> { Kind(definition, names, versions, stored[0], composite, claim: false) };
        if (claim is not null)
        {
            offered.Add(Kind(definition, claimNames!, versions, stored[0], claim, claim: true));
        }

        kinds = offered;
        return true;
    }

    /// <summary>All versions, those that are not served too: what is wrong with one is said when it is declared.</summary>
    private static Dictionary<string, KindVersion> ReadVersions(JsonObject definition, List<JsonObject> versions, bool claim, List<ProblemCause> found)
    {
        var read = new Dictionary<string, KindVersion>(StringComparer.Ordinal);
        for (var i = 0; i < versions.Count; i++)
        {
            var own = versions[i].At("schema", "openAPIV3Schema") as JsonObject;
            var schema = claim ? CompositeSchema.ForClaim(own, definition) : CompositeSchema.ForComposite(own, definition);
            if (Compile(schema, $"spec.versions[{i}].schema.openAPIV3Schema", found) is { } compiled)
            {
                read[versions[i].Text("name")] = new KindVersion(compiled, HasStatus: true, [.. Columns(versions[i], claim, CompositeShape.Of(definition))]);
            }
        }

        return read;
    }

    private static KindDefinition Kind(
        JsonObject definition, JsonNode names, List<JsonObject> versions, JsonObject stored, Dictionary<string, KindVersion> read, bool claim)
    {
        var storage = stored.Text("name");
        List<string> others = [.. versions.Where(v => IsTrue(v["served"])).Select(v => v.Text("name")).Where(v => v != storage)];
        return new KindDefinition
        {
            Id = new KindId(names.Text("plural"), definition["spec"].Text("group")),
            Version = storage,
            OtherVersions = others,
            OwnVersions = others.ToDictionary(v => v, v => read[v], StringComparer.Ordinal),
            ServesStorage = IsTrue(stored["served"]),
            Kind = names.Text("kind"),
            Singular = names.Text("singular"),
            ShortNames = Texts(names["shortNames"]),
            Categories = [.. Texts(names["categories"]).Union(claim ? [ClaimCategory, "claims"] : [CompositeCategory])],
            Namespaced = claim || CompositeShape.Of(definition).IsNamespaced,
            AskedFor = claim || CompositeShape.Of(definition).IsNamespaced,
            HasStatus = true,
            Schema = read[storage].Schema,
            Columns = read[storage].Columns,
            DefinedBy = new ResourceKey(CompositionKinds.DefinitionId, "", definition.NameOf()),
            Stamp = $"{definition.UidOf()}/{definition.GenerationOf()}",
        };
    }

    private static IEnumerable<PrinterColumn> Columns(JsonObject version, bool claim, CompositeShape shape)
    {
        yield return new PrinterColumn("SYNCED", ".status.conditions[?(@.type=='Synced')].status");
        yield return new PrinterColumn("READY", ".status.conditions[?(@.type=='Ready')].status");
        yield return claim
            ? new PrinterColumn("CONNECTION-SECRET", ".spec.writeConnectionSecretToRef.name")
            : new PrinterColumn("COMPOSITION", shape.IsLegacy ? ".spec.compositionRef.name" : ".spec.crossplane.compositionRef.name");
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
