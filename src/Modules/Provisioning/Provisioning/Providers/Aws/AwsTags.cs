using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws;

/// <summary>Tags: a map in Upbound's kinds, a list of keys and values in CloudFormation. One of them says whose a thing is.</summary>
internal static class AwsTags
{
    /// <summary>The uid of the resource that a thing belongs to.</summary>
    public const string Uid = "flagstone.dev/uid";

    /// <summary>An annotation with which someone hands a thing over that does not carry the tag.</summary>
    public const string Adopt = "flagstone.dev/adopt";

    public static SortedDictionary<string, string> Wanted(ManagedResource resource)
    {
        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in resource.ForProvider["tags"] as JsonObject ?? [])
        {
            tags[key] = value?.ToString() ?? "";
        }

        tags[Uid] = resource.Document.UidOf();
        return tags;
    }

    /// <summary>Tags that this resource put there and names no longer: <c>status.atProvider.tags</c> knows them. What others put there stays.</summary>
    public static IReadOnlyList<string> Outlived(ManagedResource resource, IReadOnlyDictionary<string, string> there)
    {
        var wanted = Wanted(resource);
        return [.. (resource.Document.At("status", "atProvider", "tags") as JsonObject ?? []).Select(t => t.Key).Where(k => !wanted.ContainsKey(k) && there.ContainsKey(k))];
    }

    /// <summary>What this resource has put there, for <c>status.atProvider.tags</c>.</summary>
    public static JsonObject Put(ManagedResource resource, IReadOnlyDictionary<string, string> there)
    {
        var put = Wanted(resource);
        put.Remove(Uid);
        foreach (var key in Outlived(resource, there))
        {
            put[key] = there[key];
        }

        return new JsonObject(put.Select(t => KeyValuePair.Create<string, JsonNode?>(t.Key, t.Value)));
    }

    public static JsonArray ToList(IEnumerable<KeyValuePair<string, string>> tags) =>
        new([.. tags.Select(t => (JsonNode)new JsonObject { ["Key"] = t.Key, ["Value"] = t.Value })]);

    public static Dictionary<string, string> Read(JsonNode? list)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in list as JsonArray ?? [])
        {
            tags[tag.Text("Key")] = tag.Text("Value");
        }

        return tags;
    }

    /// <summary>
    /// Whether a thing is this resource's, so that it may be changed and deleted: by its tag; without any, when the ledger has its creation;
    /// or when someone handed it over. Null when it is; else why not.
    /// </summary>
    /// <param name="tags">Null where there are none to be had.</param>
    public static string? WhyForeign(ManagedResource resource, IReadOnlyDictionary<string, string>? tags, string thing)
    {
        var document = resource.Document;
        if (ManagementPolicy.Of(document).OnlyObserves || document.Annotation(Adopt) == "true")
        {
            return null;
        }

        var owner = tags?.GetValueOrDefault(Uid) ?? "";
        if (owner.Length > 0 ? owner == document.UidOf() : CreateIntent.HasSucceeded(document))
        {
            return null;
        }

        return $"{thing} is there already and does not belong to this resource: "
            + (owner.Length > 0 ? $"its tag {Uid} names another. " : tags is null ? "nothing says so. " : $"it has no tag {Uid}. ")
            + $"Name another by crossplane.io/external-name, or hand it over by the annotation {Adopt}: \"true\".";
    }
}
