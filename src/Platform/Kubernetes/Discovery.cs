using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kubernetes;

/// <summary>What <c>kubectl api-resources</c> and every client ask first: which groups, versions and kinds there are.</summary>
internal sealed class Discovery(KindRegistry kinds)
{
    /// <summary>Dispatchers in front of kubectl pick a binary by the minor version.</summary>
    private const string Minor = "32";

    private static readonly (string Group, string Version, string Plural, string Kind)[] Reviews =
    [
        ("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        ("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
        ("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview"),
    ];

    public static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = Minor,
        ["gitVersion"] = $"v1.{Minor}.0+flagstone",
        ["gitCommit"] = "",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = "",
        ["compiler"] = "",
        ["platform"] = "linux/amd64",
    };

    public static JsonObject CoreVersions() => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(),
    };

    public JsonObject Groups()
    {
        var groups = kinds.All.Where(k => k.Id.Group.Length > 0)
            .SelectMany(k => k.Versions.Select(v => (k.Id.Group, Version: v)))
            .Concat(Reviews.Select(r => (r.Group, r.Version)))
            .GroupBy(g => g.Group)
            // A short word that several groups know, as role, is that of the first: Kubernetes' own come before what others bring.
            .OrderBy(g => kinds.All.Any(k => k.BuiltIn && k.Id.Group == g.Key) ? 0 : 1)
            .ThenBy(g => g.Key, StringComparer.Ordinal);
        return new JsonObject
        {
            ["kind"] = "APIGroupList",
            ["apiVersion"] = "v1",
            ["groups"] = new JsonArray([.. groups.Select(g => Group(g.Key, [.. g.Select(v => v.Version).Distinct()]))]),
        };
    }

    public JsonObject? Group(string name)
    {
        var versions = kinds.All.Where(k => k.Id.Group == name).SelectMany(k => k.Versions)
            .Concat(Reviews.Where(r => r.Group == name).Select(r => r.Version)).Distinct().ToList();
        if (versions.Count == 0)
        {
            return null;
        }

        var group = Group(name, versions);
        group["kind"] = "APIGroup";
        group["apiVersion"] = "v1";
        return group;
    }

    public JsonObject? Resources(string group, string version)
    {
        var list = new JsonArray();
        foreach (var kind in kinds.All.Where(k => k.Id.Group == group && k.Versions.Contains(version)).OrderBy(k => k.Id.Plural, StringComparer.Ordinal))
        {
            list.Add(Resource(kind.Id.Plural, kind.SingularName, kind.Kind, kind.Namespaced,
                ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"], kind.ShortNames, kind.Categories));
            if (kind.In(version).HasStatus)
            {
                list.Add(Resource($"{kind.Id.Plural}/status", "", kind.Kind, kind.Namespaced, ["get", "patch", "update"], [], []));
            }
        }

        foreach (var review in Reviews.Where(r => r.Group == group && r.Version == version))
        {
            list.Add(Resource(review.Plural, review.Kind.ToLowerInvariant(), review.Kind, false, ["create"], [], []));
        }

        return list.Count == 0
            ? null
            : new JsonObject
            {
                ["kind"] = "APIResourceList",
                ["apiVersion"] = "v1",
                ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
                ["resources"] = list,
            };
    }

    private static JsonObject Group(string name, List<string> versions)
    {
        var all = versions.Select(v => new JsonObject { ["groupVersion"] = $"{name}/{v}", ["version"] = v }).ToArray<JsonNode>();
        return new JsonObject { ["name"] = name, ["versions"] = new JsonArray(all), ["preferredVersion"] = all[0].DeepClone() };
    }

    private static JsonObject Resource(
        string name, string singular, string kind, bool namespaced, string[] verbs, IReadOnlyList<string> shortNames, IReadOnlyList<string> categories)
    {
        var resource = new JsonObject
        {
            ["name"] = name,
            ["singularName"] = singular,
            ["namespaced"] = namespaced,
            ["kind"] = kind,
            ["verbs"] = new JsonArray([.. verbs.Select(v => (JsonNode)v)]),
        };
        if (shortNames.Count > 0)
        {
            resource["shortNames"] = new JsonArray([.. shortNames.Select(s => (JsonNode)s)]);
        }

        if (categories.Count > 0)
        {
            resource["categories"] = new JsonArray([.. categories.Select(c => (JsonNode)c)]);
        }

        return resource;
    }
}
