using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions;

/// <summary>
/// The schemas that a definition's own schema becomes, as Crossplane makes its CRDs (<c>xcrd/crd.go</c>, <c>genCrdVersion</c>): only the
/// parts named here are taken over, and the fields that the machinery needs are put over them.
/// </summary>
internal static class CompositeSchema
{
    private static readonly string[] SpecParts = ["required", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations", "oneOf", "description"];
    private static readonly string[] StatusParts = ["required", "x-kubernetes-validations", "oneOf", "description"];

    /// <summary>A composite's name is a label's value on what it composes.</summary>
    private const int MaxNameLength = 63;

    private const string Selector = """
        { "type": "object", "required": ["matchLabels"], "properties": { "matchLabels": { "type": "object", "additionalProperties": { "type": "string" } } } }
        """;

    private const string Name = """{ "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } }""";

    private const string Common = $$"""
        "compositionRef": {{Name}},
        "compositionSelector": {{Selector}},
        "compositionRevisionRef": {{Name}},
        "compositionRevisionSelector": {{Selector}},
        "compositionUpdatePolicy": { "type": "string", "enum": ["Automatic", "Manual"] }
        """;

    private const string ResourceRefs = """
        "resourceRefs": {
          "type": "array",
          "x-kubernetes-list-type": "atomic",
          "items": {
            "type": "object",
            "required": ["apiVersion", "kind"],
            "properties": {
              "apiVersion": { "type": "string" }, "kind": { "type": "string" }, "name": { "type": "string" }, "namespace": { "type": "string" }
            }
          }
        }
        """;

    private const string LegacySpec = $$"""
        {
          {{Common}},
          {{ResourceRefs}},
          "claimRef": {
            "type": "object",
            "required": ["apiVersion", "kind", "namespace", "name"],
            "properties": {
              "apiVersion": { "type": "string" }, "kind": { "type": "string" }, "namespace": { "type": "string" }, "name": { "type": "string" }
            }
          },
          "writeConnectionSecretToRef": {
            "type": "object",
            "required": ["name", "namespace"],
            "properties": { "name": { "type": "string" }, "namespace": { "type": "string" } }
          }
        }
        """;

    private const string ModernSpec = $$"""
        { "crossplane": { "type": "object", "properties": { {{Common}}, {{ResourceRefs}} } } }
        """;

    private const string ClaimSpec = $$"""
        {
          {{Common}},
          "compositeDeletePolicy": { "type": "string", "enum": ["Background", "Foreground"] },
          "resourceRef": {
            "type": "object",
            "required": ["apiVersion", "kind", "name"],
            "properties": { "apiVersion": { "type": "string" }, "kind": { "type": "string" }, "name": { "type": "string" } }
          },
          "writeConnectionSecretToRef": {{Name}}
        }
        """;

    private const string Conditions = """
        "conditions": {
          "type": "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["type"],
          "items": {
            "type": "object",
            "required": ["lastTransitionTime", "reason", "status", "type"],
            "properties": {
              "lastTransitionTime": { "type": "string", "format": "date-time" },
              "message": { "type": "string" },
              "observedGeneration": { "type": "integer", "format": "int64" },
              "reason": { "type": "string" },
              "status": { "type": "string" },
              "type": { "type": "string" }
            }
          }
        },
        "lastHandledReconcileAt": { "type": "string" }
        """;

    private const string LegacyStatus = $$"""
        {
          {{Conditions}},
          "claimConditionTypes": { "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "string" } },
          "connectionDetails": { "type": "object", "properties": { "lastPublishedTime": { "type": "string", "format": "date-time" } } }
        }
        """;

    private const string ModernStatus = $$"""{ {{Conditions}} }""";

    /// <param name="own">The version's own schema.</param>
    /// <param name="definition">The definition, for its scope and defaults.</param>
    public static JsonObject ForComposite(JsonObject? own, JsonObject definition)
    {
        var shape = CompositeShape.Of(definition);
        var result = Build(own, shape.IsLegacy ? LegacySpec : ModernSpec, shape.IsLegacy ? LegacyStatus : ModernStatus);
        var spec = result.At("properties", "spec")!.AsObject();
        Default(shape.IsLegacy ? spec : spec.At("properties", "crossplane"), "compositionUpdatePolicy", definition.At("spec").Text("defaultCompositionUpdatePolicy"));
        return result;
    }

    public static JsonObject ForClaim(JsonObject? own, JsonObject definition)
    {
        var result = Build(own, ClaimSpec, LegacyStatus);
        Default(result.At("properties", "spec"), "compositeDeletePolicy", definition.At("spec").Text("defaultCompositeDeletePolicy"));
        Default(result.At("properties", "spec"), "compositionUpdatePolicy", definition.At("spec").Text("defaultCompositionUpdatePolicy"));
        return result;
    }

    /// <summary>The members of a claim's spec that are the claim's own business, and of a composite's that are the composite's.</summary>
    public static IReadOnlySet<string> Machinery { get; } = new[] { LegacySpec, ModernSpec, ClaimSpec }
        .SelectMany(s => JsonNode.Parse(s)!.AsObject()).Select(m => m.Key).ToHashSet(StringComparer.Ordinal);

    private static void Default(JsonNode? schema, string member, string value)
    {
        if (value.Length > 0)
        {
            schema.At("properties", member)!["default"] = value;
        }
    }

    private static JsonObject Build(JsonObject? own, string machinery, string status)
    {
        var result = new JsonObject { ["type"] = "object", ["required"] = new JsonArray("spec") };
        Copy(own, result, "description");
        Copy(own, result, "x-kubernetes-validations");
        result["properties"] = new JsonObject
        {
            ["apiVersion"] = new JsonObject { ["type"] = "string" },
            ["kind"] = new JsonObject { ["type"] = "string" },
            ["metadata"] = Metadata(own),
            ["spec"] = Part(own?["properties"]?["spec"] as JsonObject, SpecParts, machinery),
            ["status"] = Part(own?["properties"]?["status"] as JsonObject, StatusParts, status),
        };
        return result;
    }

    private static JsonObject Metadata(JsonObject? own)
    {
        var result = new JsonObject { ["type"] = "object" };
        if (own.At("properties", "metadata", "properties", "name") is { } name && name["maxLength"] is JsonValue v && v.TryGetValue<int>(out var longest))
        {
            result["properties"] = new JsonObject { ["name"] = new JsonObject { ["type"] = "string", ["maxLength"] = Math.Min(longest, MaxNameLength) } };
        }

        return result;
    }

    private static JsonObject Part(JsonObject? own, string[] parts, string machinery)
    {
        var result = new JsonObject { ["type"] = "object" };
        foreach (var part in parts)
        {
            Copy(own, result, part);
        }

        var properties = own?["properties"] is JsonObject theirs ? (JsonObject)theirs.DeepClone() : [];
        foreach (var (name, schema) in JsonNode.Parse(machinery)!.AsObject())
        {
            properties[name] = schema!.DeepClone();
        }

        result["properties"] = properties;
        return result;
    }

    private static void Copy(JsonObject? from, JsonObject to, string member)
    {
        if (from?[member] is { } value)
        {
            to[member] = value.DeepClone();
        }
    }
}
