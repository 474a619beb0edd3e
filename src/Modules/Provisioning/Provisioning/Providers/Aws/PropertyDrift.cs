using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws;

/// <summary>
/// How what is there differs from what is wanted, and the RFC 6902 patch that mends it. Only what is wanted is compared: a default that the
/// provider chose is no drift. What it rewrites by rule (case, versions, order, ids to ARNs) is none either.
/// </summary>
internal sealed class PropertyDrift
{
    private readonly List<FieldDrift> drift = [];

    public IReadOnlyList<FieldDrift> Fields => drift;

    /// <summary>Empty when nothing can be mended, or has to be.</summary>
    public JsonArray Patch { get; } = [];

    public string? Difference => Text(d => !d.NeedsReplacement, "");

    public string? Unfixable => Text(d => d.NeedsReplacement, "; it would have to be made anew, which is never done for you");

    public static PropertyDrift Between(AwsKind kind, ManagedResource resource, JsonObject forProvider, JsonObject desired, JsonObject actual)
    {
        var found = new PropertyDrift();
        foreach (var (field, property) in kind.Properties)
        {
            var name = kind.PropertyOf(property, forProvider);
            if (property.WriteOnly || desired[name] is not { } wanted || forProvider[field] is null || IsSatisfied(property, wanted, actual[name]))
            {
                continue;
            }

            found.drift.Add(new FieldDrift($"forProvider.{field}", wanted.DeepClone(), actual[name]?.DeepClone()) { NeedsReplacement = property.Fixed });
            if (!property.Fixed)
            {
                found.Put(name, Merged(wanted, actual[name]), actual.ContainsKey(name));
            }
        }

        if (kind.Taggable)
        {
            found.CompareTags(resource, actual);
        }

        return found;
    }

    public static bool IsSatisfied(AwsProperty property, JsonNode wanted, JsonNode? actual)
    {
        if (property.Is("json") || property.Is("policy"))
        {
            return PolicyText.Of(wanted, property.Is("policy")) == PolicyText.Of(actual, property.Is("policy"));
        }

        if (actual is null)
        {
            return IsNothing(wanted);
        }

        return property.Is("set") && wanted is JsonArray some && actual is JsonArray others
            ? some.Select(Plain).Order(StringComparer.Ordinal).SequenceEqual(others.Select(Plain).Order(StringComparer.Ordinal), StringComparer.Ordinal)
            : Matches(property, wanted, actual);
    }

    private static bool Matches(AwsProperty property, JsonNode? wanted, JsonNode? actual) => (wanted, actual) switch
    {
        (JsonObject some, JsonObject others) => some.All(m => m.Value is null || (others[m.Key] is { } other ? Matches(property, m.Value, other) : IsNothing(m.Value))),
        (JsonArray some, JsonArray others) => some.Count == others.Count && some.Zip(others).All(p => Matches(property, p.First, p.Second)),
        (JsonValue, JsonValue) => MatchesText(property, Plain(wanted), Plain(actual)),
        _ => wanted is null && actual is null,
    };

    private static bool MatchesText(AwsProperty property, string wanted, string actual) =>
        wanted == actual
        || (property.Is("lower") && wanted.Equals(actual, StringComparison.OrdinalIgnoreCase))
        || (property.Is("version") && actual.StartsWith(wanted + ".", StringComparison.Ordinal))
        || (property.Is("key") && (actual.EndsWith("/" + wanted, StringComparison.Ordinal) || wanted.EndsWith("/" + actual, StringComparison.Ordinal)));

    /// <summary>What is not there may be left out of an answer: no flag, no number, an empty text or list.</summary>
    private static bool IsNothing(JsonNode wanted) => wanted switch
    {
        JsonArray { Count: 0 } or JsonObject { Count: 0 } => true,
        JsonValue => Plain(wanted) is "" or "0" or "false",
        _ => false,
    };

    /// <summary>A number and its text are one: which it is differs between the types.</summary>
    private static string Plain(JsonNode? node) => node switch
    {
        null => "",
        JsonValue v when v.GetValueKind() is JsonValueKind.True or JsonValueKind.False => v.ToString().ToLowerInvariant(),
        JsonValue v => v.ToString(),
        _ => node.ToJsonString(),
    };

    private static JsonNode Merged(JsonNode wanted, JsonNode? actual)
    {
        if (wanted is not JsonObject some || actual is not JsonObject others)
        {
            return wanted.DeepClone();
        }

        var merged = others.DeepClone().AsObject();
        Documents.Overlay(merged, some);
        return merged;
    }

    private void CompareTags(ManagedResource resource, JsonObject actual)
    {
        var there = AwsTags.Read(actual["Tags"]);
        var missing = AwsTags.Wanted(resource).Where(t => there.GetValueOrDefault(t.Key) != t.Value).ToList();
        foreach (var (key, value) in missing)
        {
            drift.Add(new FieldDrift($"forProvider.tags[{key}]", value, there.TryGetValue(key, out var other) ? other : null));
            there[key] = value;
        }

        var outlived = AwsTags.Outlived(resource, there);
        foreach (var key in outlived)
        {
            drift.Add(new FieldDrift($"forProvider.tags[{key}]", null, there[key]));
            there.Remove(key);
        }

        if (missing.Count + outlived.Count > 0)
        {
            // AWS' own tags come back in answers, and are refused in requests.
            var all = there.Where(t => !t.Key.StartsWith("aws:", StringComparison.Ordinal)).OrderBy(t => t.Key, StringComparer.Ordinal);
            Put("Tags", AwsTags.ToList(all), actual.ContainsKey("Tags"));
        }
    }

    private void Put(string property, JsonNode value, bool isThere) => Patch.Add((JsonNode)new JsonObject
    {
        ["op"] = isThere ? "replace" : "add",
        ["path"] = "/" + property.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal),
        ["value"] = value,
    });

    private string? Text(Func<FieldDrift, bool> which, string after)
    {
        var parts = drift.Where(which).Select(d => $"spec.{d.Path} is {Show(d.Actual)} and should be {Show(d.Wanted)}").ToList();
        return parts.Count == 0 ? null : string.Join("; ", parts) + after;
    }

    private static string Show(JsonNode? node)
    {
        const int Enough = 100;
        var text = node?.ToJsonString() ?? "not set";
        return text.Length <= Enough ? text : text[..Enough] + "...";
    }
}
