using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>
/// How an object differs from what applying its manifest would make of it. The cluster itself says what that is (a dry run), so its defaults
/// and rewrites are no drift, and what others own beside us is none either.
/// </summary>
internal static class ManifestDrift
{
    /// <summary>One look shows what is wrong; the rest is mended with it.</summary>
    private const int MaxFields = 50;

    private static readonly HashSet<string> Bookkeeping = new(StringComparer.Ordinal) { "managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink" };

    public static IReadOnlyList<FieldDrift> Between(JsonObject live, JsonObject applied)
    {
        var found = new List<FieldDrift>();
        Compare("forProvider.manifest", Comparable(applied), Comparable(live), found);
        // Not one value differs, and yet not all of it is ours: when the manifest drops a field later, it would stay.
        if (found.Count == 0 && !JsonNode.DeepEquals(OwnedBy(live), OwnedBy(applied)))
        {
            found.Add(new FieldDrift("forProvider.manifest.metadata.managedFields", "owned by " + ClusterClient.FieldManager, OwnedBy(live) is null ? null : "owned in part"));
        }

        return IsSecret(live) ? [.. found.Select(Hide)] : found;
    }

    /// <summary>An object without what would change at each look, and without a secret's values: what mirrors it is no secret.</summary>
    public static JsonObject Mirror(JsonObject live)
    {
        var copy = live.DeepClone().AsObject();
        copy.Metadata().Remove("managedFields");
        foreach (var member in IsSecret(live) ? (string[])["data", "stringData"] : [])
        {
            if (copy[member] is JsonObject values)
            {
                copy[member] = new JsonObject(values.Select(v => new KeyValuePair<string, JsonNode?>(v.Key, "")));
            }
        }

        (copy.Metadata()["annotations"] as JsonObject)?.Remove("kubectl.kubernetes.io/last-applied-configuration");
        return copy;
    }

    public static string Text(IEnumerable<FieldDrift> drift) => string.Join("; ", drift.Select(d => $"spec.{d.Path} is {Show(d.Actual)} and should be {Show(d.Wanted)}"));

    public static bool IsSecret(JsonObject document) => document.Text("kind") == "Secret" && document.Text("apiVersion") == "v1";

    private static FieldDrift Hide(FieldDrift drift) =>
        drift.Path.StartsWith("forProvider.manifest.data", StringComparison.Ordinal) || drift.Path.StartsWith("forProvider.manifest.stringData", StringComparison.Ordinal)
        || drift.Path.Contains("last-applied-configuration", StringComparison.Ordinal)
            ? drift with { Wanted = drift.Wanted is null ? null : "(hidden)", Actual = drift.Actual is null ? null : "(hidden)" }
            : drift;

    private static JsonObject Comparable(JsonObject document)
    {
        var copy = document.DeepClone().AsObject();
        copy.Remove("status");
        foreach (var member in Bookkeeping)
        {
            copy.Metadata().Remove(member);
        }

        return copy;
    }

    private static JsonNode? OwnedBy(JsonObject document) =>
        (document.Metadata()["managedFields"] as JsonArray)?.FirstOrDefault(m => m.Text("manager") == ClusterClient.FieldManager && m.Text("operation") == "Apply")?["fieldsV1"];

    private static void Compare(string path, JsonNode? wanted, JsonNode? actual, List<FieldDrift> found)
    {
        if (found.Count >= MaxFields || JsonNode.DeepEquals(wanted, actual))
        {
            return;
        }

        if (wanted is JsonObject some && actual is JsonObject others)
        {
            foreach (var name in some.Select(m => m.Key).Union(others.Select(m => m.Key), StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                Compare(Join(path, name), some[name], others[name], found);
            }

            return;
        }

        if (wanted is JsonArray list && actual is JsonArray there && list.Count == there.Count)
        {
            for (var i = 0; i < list.Count; i++)
            {
                Compare($"{path}[{i}]", list[i], there[i], found);
            }

            return;
        }

        found.Add(new FieldDrift(path, wanted?.DeepClone(), actual?.DeepClone()));
    }

    private static string Join(string path, string name) => name.AsSpan().IndexOfAny('.', '[', '/') < 0 ? $"{path}.{name}" : $"{path}[{name}]";

    private static string Show(JsonNode? node)
    {
        const int Enough = 100;
        var text = node?.ToJsonString() ?? "not set";
        return text.Length <= Enough ? text : text[..Enough] + "...";
    }
}
