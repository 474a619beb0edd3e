using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Endpoints;

/// <summary>What a run is started with.</summary>
/// <param name="Values">The form's values; what is left out has the form's defaults.</param>
public sealed record StartRun(JsonObject? Values);

/// <summary>A run of a golden path.</summary>
/// <param name="Phase"><c>Pending</c>, <c>Running</c>, <c>Succeeded</c> or <c>Failed</c>.</param>
/// <param name="Message">Why it failed; null unless it did.</param>
/// <param name="Output">The template's output, links for the most part; null until it succeeded.</param>
/// <param name="Version">The sequence of the ledger row that brought it to this state.</param>
public sealed record RunView(
    string Id, string Template, string Phase, string? StartedAt, string? FinishedAt, string? Message, IReadOnlyList<RunStep> Steps, JsonObject? Values,
    JsonObject? Output, long Version)
{
    /// <summary>What is odd about the values and did not stop the run; only in the answer to its start.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>A step of a run.</summary>
/// <param name="Phase"><c>Waiting</c>, <c>Processing</c>, <c>Completed</c>, <c>Skipped</c> or <c>Failed</c>.</param>
/// <param name="StartedAt">Null until it began.</param>
/// <param name="FinishedAt">Null until it ended.</param>
/// <param name="Message">Why it failed; null unless it did.</param>
public sealed record RunStep(string Id, string Name, string Action, string Phase, string? StartedAt, string? FinishedAt, string? Message);

internal static class RunViews
{
    public static RunView View(JsonObject run, long version)
    {
        var status = run["status"];
        return new RunView(
            run.NameOf(),
            run["spec"].Text("template"),
            Optional(status, "phase") ?? "Pending",
            Optional(status, "startedAt"),
            Optional(status, "finishedAt"),
            Optional(status, "message"),
            [.. (status.At("steps") as JsonArray ?? []).Select(s => new RunStep(
                s.Text("id"), s.Text("name"), s.Text("action"), s.Text("phase"), Optional(s, "startedAt"), Optional(s, "finishedAt"), Optional(s, "message")))],
            run.At("spec", "values")?.DeepClone() as JsonObject,
            status.At("output")?.DeepClone() as JsonObject,
            version);
    }

    private static string? Optional(JsonNode? node, string member) => node.Text(member) is { Length: > 0 } text ? text : null;
}
