using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kubernetes;

/// <summary><c>kubectl auth can-i</c> and <c>auth whoami</c>: the same rules that decide, asked beforehand.</summary>
internal sealed class AccessReviews(KindRegistry kinds)
{
    private static readonly string[] Verbs = ["get", "list", "watch", "create", "update", "patch", "delete"];

    public JsonObject Access(Caller caller, JsonObject review)
    {
        var asked = review.At("spec", "resourceAttributes");
        var (verb, group, plural, ns) = (asked.Text("verb"), asked.Text("group"), asked.Text("resource"), asked.Text("namespace"));
        var why = asked is null
            ? null
            : plural == "*" || verb == "*" ? caller.Role == Role.Administrator && caller.Namespace.Length == 0 ? null : "not everything is allowed"
            : kinds.Find(new KindId(plural, group == "*" ? "" : group)) is { } kind ? AccessRules.Refuse(caller, verb, kind, ns)
            : caller.Role == Role.Administrator ? null : $"there is no resource {plural} in group \"{group}\"";
        review["status"] = why is null
            ? new JsonObject { ["allowed"] = true, ["reason"] = $"role {caller.Role}" }
            : new JsonObject { ["allowed"] = false, ["reason"] = why };
        return Clean(review);
    }

    public JsonObject Rules(Caller caller, JsonObject review)
    {
        var ns = review["spec"].Text("namespace");
        var rules = kinds.All
            .Select(k => (Kind: k, Verbs: Verbs.Where(v => AccessRules.Refuse(caller, v, k, ns) is null).ToArray()))
            .Where(r => r.Verbs.Length > 0)
            .OrderBy(r => r.Kind.Id.ToString(), StringComparer.Ordinal)
            .Select(r => new JsonObject
            {
                ["verbs"] = new JsonArray([.. r.Verbs.Select(v => (JsonNode)v)]),
                ["apiGroups"] = new JsonArray(r.Kind.Id.Group),
                ["resources"] = new JsonArray(r.Kind.Id.Plural),
            });
        review["status"] = new JsonObject
        {
            ["resourceRules"] = new JsonArray([.. rules]),
            ["nonResourceRules"] = new JsonArray(),
            ["incomplete"] = false,
        };
        return Clean(review);
    }

    public static JsonObject Self(Caller caller, JsonObject review)
    {
        review["status"] = new JsonObject
        {
            ["userInfo"] = new JsonObject
            {
                ["username"] = caller.Name,
                ["uid"] = caller.Actor.Id,
                ["groups"] = new JsonArray($"flagstone:{caller.Role.ToString().ToLowerInvariant()}", "system:authenticated"),
            },
        };
        return Clean(review);
    }

    private static JsonObject Clean(JsonObject review)
    {
        review["metadata"] = new JsonObject { ["creationTimestamp"] = null };
        return review;
    }
}
