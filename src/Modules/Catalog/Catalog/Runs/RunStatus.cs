using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Runs;

/// <summary>What a run's <c>status</c> says as it goes: pure steps from one to the next.</summary>
internal static class RunStatus
{
    public const string Running = "Running";
    public const string Succeeded = "Succeeded";
    public const string Failed = "Failed";

    public static bool IsOver(JsonObject run) => run["status"].Text("phase") is Succeeded or Failed;

    /// <summary>Lists all steps as waiting. A run that is taken up again after a stop keeps what it had.</summary>
    public static void Start(JsonObject run, TemplateDefinition template, DateTimeOffset now)
    {
        if (run["status"] is JsonObject status && status.Text("phase") == Running)
        {
            return;
        }

        run["status"] = new JsonObject
        {
            ["phase"] = Running,
            ["startedAt"] = Time(now),
            ["steps"] = new JsonArray([.. template.Steps.Select(s => new JsonObject
            {
                ["id"] = s.Id,
                ["name"] = s.Name,
                ["action"] = s.Action,
                ["phase"] = "Waiting",
            })]),
        };
    }

    /// <summary>Notes a step's progress. What was done before a stop stays done, though the step is executed again.</summary>
    public static void Report(JsonObject run, StepProgress progress, DateTimeOffset now)
    {
        if ((run.At("status", "steps") as JsonArray)?.OfType<JsonObject>().FirstOrDefault(s => s.Text("id") == progress.Step) is not { } step
            || step.Text("phase") is "Completed" or "Skipped")
        {
            return;
        }

        step["phase"] = progress.Phase.ToString();
        if (progress.Phase == StepPhase.Processing)
        {
            step["startedAt"] ??= Time(now);
            return;
        }

        step["finishedAt"] = Time(now);
        if (progress.Message is { } message)
        {
            step["message"] = message;
        }
    }

    public static void Finish(JsonObject run, RunOutcome outcome, DateTimeOffset now)
    {
        if (outcome is RunFailed failed)
        {
            Fail(run, $"Step '{failed.Step}' failed: {failed.Message}", now);
            return;
        }

        var status = Status(run);
        status["phase"] = Succeeded;
        status["finishedAt"] = Time(now);
        status["output"] = ((RunSucceeded)outcome).Output.DeepClone();
        status.Remove("message");
    }

    public static void Fail(JsonObject run, string message, DateTimeOffset now)
    {
        var status = Status(run);
        status["phase"] = Failed;
        status["finishedAt"] = Time(now);
        status["message"] = message;
    }

    // Milliseconds, because a whole run takes about a second.
    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static JsonObject Status(JsonObject run)
    {
        if (run["status"] is not JsonObject status)
        {
            run["status"] = status = [];
        }

        return status;
    }
}
