using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Expressions;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>provider-kubernetes' policies by which an object's Object is ready.</summary>
internal static class ObjectReadiness
{
    /// <summary>Why it is not ready; null when it is.</summary>
    public static string? WhyNot(JsonNode? readiness, JsonObject live) => readiness.Text("policy") switch
    {
        "DeriveFromObject" => live.IsTrue("Ready") ? null : Condition(live),
        "AllTrue" => AllTrue(live),
        "DeriveFromCelQuery" => Query(readiness.Text("celQuery"), live),
        _ => null,
    };

    private static string Condition(JsonObject live) => live.FindCondition("Ready") is { } condition
        ? $"its condition Ready is {condition.Status}: {(condition.Message.Length > 0 ? condition.Message : condition.Reason)}"
        : "it has no condition Ready yet";

    private static string? AllTrue(JsonObject live)
    {
        var conditions = (live.At("status", "conditions") as JsonArray)?.ToList() ?? [];
        if (conditions.Count == 0)
        {
            return "it has no conditions yet";
        }

        return conditions.FirstOrDefault(c => c.Text("status") != "True") is { } other ? $"its condition {other.Text("type")} is {other.Text("status")}" : null;
    }

    private static string? Query(string query, JsonObject live)
    {
        if (query.Length == 0)
        {
            return "spec.readiness.celQuery is not set";
        }

        try
        {
            return CelExpressions.IsTrue(query, new Dictionary<string, JsonNode?> { ["object"] = live }) ? null : "spec.readiness.celQuery does not hold yet";
        }
        catch (FatalResultException e)
        {
            return e.Message;
        }
    }
}
