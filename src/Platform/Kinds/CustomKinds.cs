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
        Validate = (next, _) => TryRead(next, out var _, out var causes) ? [] : causes,
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

        if (!StructuralSchema.TryParse(stored[0].At("schema", "openAPIV3Schema"), out var schema, out var errors))
        {
            found.AddRange(errors.Select(e => new ProblemCause($"spec.versions[{versions.IndexOf(stored[0])}].schema.openAPIV3Schema.{e.Field}", e.Reason, e.Body)));
            return false;
        }

        if (found.Count > 0)
        {
            return false;
        }

        var served = versions.FindAll(v => v["served"]!.GetValue<bool>()).ConvertAll(v => v.Text("name"));
        var storage = stored[0].Text("name");
        kind = new KindDefinition
        {
            Id = new KindId(plural, group),
            Version = storage,
            OtherVersions = [.. served.Where(v => v != storage)],
            Kind = names.Text("kind"),
            Singular = names.Text("singular"),
            ShortNames = Texts(names["shortNames"]),
            Categories = Texts(names["categories"]),
            Namespaced = spec.Text("scope") == "Namespaced",
            Schema = schema,
            HasStatus = stored[0].At("subresources", "status") is not null,
            Columns = [.. (stored[0]["additionalPrinterColumns"] as JsonArray ?? []).Select(c => new PrinterColumn(
                c.Text("name"), c.Text("jsonPath"), c.Text("type"), c.At("priority") is JsonValue p && p.TryGetValue<int>(out var n) ? n : 0, c.Text("description")))],
            DefinedBy = new ResourceKey(Kind, "", definition.NameOf()),
            Stamp = $"{definition.UidOf()}/{definition.GenerationOf()}",
        };
        return true;
    }

    private static IReadOnlyList<string> Texts(JsonNode? list) => [.. (list as JsonArray)?.Select(i => i?.ToString() ?? "") ?? []];
}
