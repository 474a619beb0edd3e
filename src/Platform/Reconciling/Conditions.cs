using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Reconciling;

/// <summary>A condition as Kubernetes has it. Texts name no time and no count: a condition that flaps makes work for every watcher.</summary>
/// <param name="Status"><c>True</c>, <c>False</c> or <c>Unknown</c>.</param>
/// <param name="Reason">CamelCase, for machines.</param>
/// <param name="Message">For people; empty when the reason says all.</param>
public sealed record Condition(string Type, string Status, string Reason, string Message = "")
{
    public static Condition True(string type, string reason, string message = "") => new(type, "True", reason, message);

    public static Condition False(string type, string reason, string message = "") => new(type, "False", reason, message);

    public static Condition Unknown(string type, string reason, string message = "") => new(type, "Unknown", reason, message);
}

/// <summary>Reads and sets <c>status.conditions</c>.</summary>
public static class Conditions
{
    /// <summary>Sets a condition in place; its transition time moves only when its status does.</summary>
    public static void SetCondition(this JsonObject document, Condition condition, DateTimeOffset now)
    {
        if (document["status"] is not JsonObject status)
        {
            document["status"] = status = [];
        }

        if (status["conditions"] is not JsonArray list)
        {
            status["conditions"] = list = [];
        }

        var next = new JsonObject
        {
            ["type"] = condition.Type,
            ["status"] = condition.Status,
            ["reason"] = condition.Reason,
        };
        if (condition.Message.Length > 0)
        {
            next["message"] = condition.Message;
        }

        for (var i = 0; i < list.Count; i++)
        {
            if (list[i].Text("type") == condition.Type)
            {
                next["lastTransitionTime"] = list[i].Text("status") == condition.Status && list[i].Text("lastTransitionTime") is { Length: > 0 } since
                    ? since
                    : Gateway.Preparation.Timestamp(now);
                list[i] = next;
                return;
            }
        }

        next["lastTransitionTime"] = Gateway.Preparation.Timestamp(now);
        list.Add(next);
    }

    /// <summary>The condition of a type, or null.</summary>
    public static Condition? FindCondition(this JsonObject document, string type) =>
        (document["status"].At("conditions") as JsonArray)?.FirstOrDefault(c => c.Text("type") == type) is { } found
            ? new Condition(type, found.Text("status"), found.Text("reason"), found.Text("message"))
            : null;

    public static bool IsTrue(this JsonObject document, string type) => document.FindCondition(type)?.Status == "True";
}
