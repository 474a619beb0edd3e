using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws;

/// <summary>What CloudFormation is asked for: <c>forProvider</c> in the type's own words.</summary>
internal static class DesiredState
{
    /// <summary>The fields that every kind has, and that are no properties.</summary>
    private static readonly HashSet<string> Common = ["region", "tags", "tagsAll"];

    /// <param name="forProvider">Without references.</param>
    /// <param name="secrets">Properties that come from secrets.</param>
    /// <returns>The properties, or why they cannot be told.</returns>
    public static (JsonObject Properties, string? Problem) Make(
        AwsKind kind, ManagedResource resource, JsonObject forProvider, IReadOnlyDictionary<string, string> secrets)
    {
        var properties = new JsonObject();
        foreach (var (field, value) in forProvider)
        {
            if (value is null || Common.Contains(field) || kind.Ignored.Contains(field) || kind.Secrets.ContainsKey(field) || kind.Generated?.Field == field)
            {
                continue;
            }

            if (!kind.Properties.TryGetValue(field, out var property))
            {
                return (properties, $"spec.forProvider.{field} is not mapped to {kind.Type}. Take it out, or see docs/guides/aws.md");
            }

            if (!TryConvert(property, value, out var converted))
            {
                return (properties, $"spec.forProvider.{field} is {value.ToJsonString()}, which is no {Wanted(property)}");
            }

            if (converted is not null)
            {
                properties[kind.PropertyOf(property, forProvider)] = converted;
            }
        }

        foreach (var (property, value) in secrets)
        {
            properties[property] = value;
        }

        if (kind.NameIsOurs)
        {
            // Of an identifier of several parts the first is the name.
            properties[kind.NameProperty] = kind.IdentifierOf(resource.ExternalName, forProvider).Split('|')[0];
        }

        if (kind.FixedName.Length > 0 && !properties.ContainsKey(kind.FixedName))
        {
            properties[kind.FixedName] = resource.Key.Name;
        }

        if (kind.Taggable)
        {
            properties["Tags"] = AwsTags.ToList(AwsTags.Wanted(resource));
        }

        return (properties, null);
    }

    /// <summary>True with null for what is not there at all, such as an empty list where one value may be.</summary>
    private static bool TryConvert(AwsProperty property, JsonNode value, out JsonNode? converted)
    {
        var text = value is JsonValue ? value.ToString() : "";
        converted = null;
        if (property.Is("single"))
        {
            converted = value is JsonArray { Count: 1 } one ? one[0]?.DeepClone() : null;
            return value is JsonArray { Count: < 2 };
        }

        if (property.Is("string"))
        {
            converted = value is JsonValue v && v.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? text.ToLowerInvariant() : text;
            return value is JsonValue;
        }

        if (property.Is("integer"))
        {
            var isWhole = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
            converted = number;
            return isWhole;
        }

        if (property.Is("boolean"))
        {
            var isBoolean = bool.TryParse(text, out var flag);
            converted = flag;
            return isBoolean;
        }

        if (property.Is("pairs"))
        {
            var pairs = (value as JsonArray ?? []).OfType<JsonObject>().ToList();
            converted = new JsonObject(pairs.Select(p => KeyValuePair.Create<string, JsonNode?>(p.Text("name"), p.Text("value"))));
            return value is JsonArray && pairs.TrueForAll(p => p.Text("name").Length > 0);
        }

        if (property.Is("json") || property.Is("policy"))
        {
            converted = value is JsonObject ? value.DeepClone() : Parse(text);
            return converted is JsonObject;
        }

        converted = value.DeepClone();
        return true;
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Wanted(AwsProperty property) =>
        property.Is("single") ? "list of at most one: make a resource for each"
        : property.Is("pairs") ? "list of name and value"
        : property.Is("string") ? "text"
        : property.Is("integer") ? "whole number"
        : property.Is("boolean") ? "boolean"
        : "JSON object";
}
