using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Kinds;

/// <summary>CustomResourceDefinition: a way to add a kind at run time.</summary>
internal static class CustomKinds
{
    public static readonly KindId Kind = new("customresourcedefinitions", "apiextensions.k8s.io");

    public static KindDefinition Definition { get; } = new()
    {
        Id = Kind,
        Version = "v1",
        Kind = "CustomResourceDefinition",
        ShortNames = ["crd", "crds"],
        Namespaced = false,
        HasStatus = true,
        DefinesKinds = true,
        Columns = [new("Created At", ".metadata.creationTimestamp")],
        Schema = StructuralSchema.Parse("""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["group", "names", "scope", "versions"],
                  "properties": {
                    "group": { "type": "string", "minLength": 1 },
                    "scope": { "type": "string", "enum": ["Namespaced", "Cluster"] },
                    "preserveUnknownFields": { "type": "boolean" },
                    "conversion": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                    "names": {
                      "type": "object",
                      "required": ["kind", "plural"],
                      "properties": {
                        "kind": { "type": "string" },
                        "listKind": { "type": "string" },
                        "plural": { "type": "string" },
                        "singular": { "type": "string" },
                        "shortNames": { "type": "array", "items": { "type": "string" } },
                        "categories": { "type": "array", "items": { "type": "string" } }
                      }
                    },
                    "versions": {
                      "type": "array",
                      "minItems": 1,
                      "items": {
                        "type": "object",
                        "required": ["name", "served", "storage"],
                        "properties": {
                          "name": { "type": "string" },
                          "served": { "type": "boolean" },
                          "storage": { "type": "boolean" },
                          "deprecated": { "type": "boolean" },
                          "deprecationWarning": { "type": "string" },
                          "schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                          "subresources": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                          "additionalPrinterColumns": { "type": "array", "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
                          "selectableFields": { "type": "array", "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } }
                        }
                      }
                    }
                  }
                },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """),
        Validate = (next, _) => CheckConversion(next).Concat(TryRead(next, out var _, out var causes) ? [] : causes),
    };

    /// <summary>The kind that a definition describes; causes when it describes none.</summary>
    public static bool TryRead(JsonObject definition, out KindDefinition? kind, out IReadOnlyList<ProblemCause> causes)
    {
        kind = null;
        var found = new List<ProblemCause>();
        causes = found;
        var spec = definition["spec"]!;
        var names = spec["names"]!;
        var (group, plural) = (spec.Text("group"), names.Text("plural"));
        if (definition.NameOf() != $"{plural}.{group}")
        {
            found.Add(new ProblemCause("metadata.name", "FieldValueInvalid", $"Invalid value: \"{definition.NameOf()}\": must be spec.names.plural+\".\"+spec.group"));
        }

        var versions = spec["versions"]!.AsArray().OfType<JsonObject>().ToList();
        var stored = versions.FindAll(v => v["storage"]!.GetValue<bool>());
        if (stored.Count != 1)
        {
            found.Add(new ProblemCause("spec.versions", "FieldValueInvalid", "Invalid value: must have exactly one version marked as storage version"));
            return false;
        }

        var byName = ReadVersions(versions, found);
        if (found.Count > 0)
        {
            return false;
        }

        var storage = stored[0].Text("name");
        var others = versions.FindAll(v => v["served"]!.GetValue<bool>() && v != stored[0]).ConvertAll(v => v.Text("name"));
        kind = new KindDefinition
        {
            Id = new KindId(plural, group),
            Version = storage,
            OtherVersions = others,
            OwnVersions = others.ToDictionary(v => v, v => byName[v]),
            ServesStorage = stored[0]["served"]!.GetValue<bool>(),
            Kind = names.Text("kind"),
            Singular = names.Text("singular"),
            ShortNames = Texts(names["shortNames"]),
            Categories = Texts(names["categories"]),
            Namespaced = spec.Text("scope") == "Namespaced",
            Schema = byName[storage].Schema,
            HasStatus = byName[storage].HasStatus,
            Columns = byName[storage].Columns,
            DefinedBy = new ResourceKey(Kind, "", definition.NameOf()),
            Stamp = $"{definition.UidOf()}/{definition.GenerationOf()}",
        };
        return true;
    }

    /// <summary>Judged when a definition is written, not when it is read: one that is stored goes on being served.</summary>
    private static IEnumerable<ProblemCause> CheckConversion(JsonObject definition)
    {
        if (definition.At("spec", "conversion").Text("strategy") is { Length: > 0 } strategy && strategy != "None")
        {
            yield return new ProblemCause(
                "spec.conversion.strategy", "FieldValueNotSupported",
                $"Unsupported value: \"{strategy}\": supported values: \"None\": this server calls no conversion webhook; serve versions that share their fields, or one version");
        }
    }

    /// <summary>All versions, those that are not served too: what is wrong with one is said when it is declared.</summary>
    private static Dictionary<string, KindVersion> ReadVersions(List<JsonObject> versions, List<ProblemCause> found)
    {
        var read = new Dictionary<string, KindVersion>(StringComparer.Ordinal);
        for (var i = 0; i < versions.Count; i++)
        {
            var (version, at) = (versions[i], $"spec.versions[{i}]");
            if (!StructuralSchema.TryParse(version.At("schema", "openAPIV3Schema"), out var schema, out var errors))
            {
                found.AddRange(errors.Select(e => new ProblemCause($"{at}.schema.openAPIV3Schema.{e.Field}", e.Reason, e.Body)));
            }
            else if (!read.TryAdd(version.Text("name"), new KindVersion(schema, version.At("subresources", "status") is not null, ColumnsOf(version))))
            {
                found.Add(new ProblemCause($"{at}.name", "FieldValueDuplicate", $"Duplicate value: \"{version.Text("name")}\""));
            }
        }

        return read;
    }

    private static List<PrinterColumn> ColumnsOf(JsonObject version) =>
        [.. (version["additionalPrinterColumns"] as JsonArray ?? []).Select(c => new PrinterColumn(
            c.Text("name"), c.Text("jsonPath"), c.Text("type"), c.At("priority") is JsonValue p && p.TryGetValue<int>(out var n) ? n : 0, c.Text("description")))];

    private static IReadOnlyList<string> Texts(JsonNode? list) => [.. (list as JsonArray)?.Select(i => i?.ToString() ?? "") ?? []];
}
