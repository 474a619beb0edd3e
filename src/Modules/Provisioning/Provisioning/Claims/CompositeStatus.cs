using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>A composed resource that could not be brought to what it should be.</summary>
internal sealed record Unsynced(string Name, string Why);

/// <summary>What a composite says of itself after it was composed. Pure.</summary>
internal static class CompositeStatus
{
    /// <summary>The reason for which a composite is not ready when what it composed cannot be made: its message says why.</summary>
    public const string ComposedFailing = "ComposedFailing";

    /// <summary>Crossplane names three, and how many more.</summary>
    private const int Named = 3;

    /// <summary>Templates may wait for what others tell, and these for others: a longer chain is a status that is never the same, such as the time.</summary>
    private const int MaxNews = 10;

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Restless = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Requiring = TimeSpan.FromMinutes(1);
    /// <summary>
    /// A composite whose parts wait for each other's status converges well within it; what still waits after it waits for something that does not
    /// come, and a person should look.
    /// </summary>
    private static readonly TimeSpan Converging = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LeastPoll = TimeSpan.FromSeconds(1);
    private static readonly string[] Reserved = ["Ready", "Synced", "Healthy", "UpToDate", "Responsive"];

    public static void Report(JsonObject document, Rendering rendering, IReadOnlyList<Unsynced> unsynced, DateTimeOffset now)
    {
        ReportFunctions(document, rendering);
        if (document.Annotation(Names.ReconcileRequestedAnnotation) is { Length: > 0 } requested)
        {
            document.Member("status")["lastHandledReconcileAt"] = requested;
        }

        // Warnings of functions are events, and keep nothing from being synced.
        document.SetCondition(
            unsynced.Count == 0 ? Condition.True("Synced", "ReconcileSuccess")
                : Condition.False("Synced", "ReconcileError", string.Join("; ", unsynced.Select(u => $"{u.Name}: {u.Why}"))), now);
        document.SetCondition(Ready(rendering, unsynced), now);
        ReportConditions(document, rendering, now);
    }

    /// <summary>
    /// True when the functions tell something of the composite that it does not say yet: they may read it, so they are run again once it does.
    /// </summary>
    public static bool TellsNews(JsonObject composite, Rendering rendering)
    {
        if (rendering.DesiredComposite["status"] is not JsonObject told)
        {
            return false;
        }

        var next = (JsonObject)(composite["status"]?.DeepClone() ?? new JsonObject());
        Documents.Overlay(next, told);
        return !JsonNode.DeepEquals(next, composite["status"] ?? new JsonObject());
    }

    /// <summary>When to compose again after so many times in a row that the functions told news; null without any.</summary>
    public static TimeSpan? AfterNews(int inARow) => inARow switch
    {
        0 => null,
        <= MaxNews => Soon,
        _ => Restless,
    };

    /// <summary>
    /// How an event tells a function's result. Crossplane makes a Warning of each resource that waits for a status, so that each composite that is
    /// made warns of what is as it should be; here that is Normal until it lasts.
    /// </summary>
    public static string EventTypeOf(FunctionResult result, JsonObject composite, DateTimeOffset now) =>
        result.Severity == Severity.Warning && !(result.IsDelay && Settling(composite, now) > TimeSpan.Zero) ? "Warning" : "Normal";

    /// <summary>When to compose again so that what waits too long is told: nothing else may wake the composite. Null when nothing waits, or it is told.</summary>
    public static TimeSpan? AfterDelay(Rendering rendering, JsonObject composite, DateTimeOffset now) =>
        rendering.Results.Exists(r => r is { Severity: Severity.Warning, IsDelay: true }) && Settling(composite, now) is var rest && rest > TimeSpan.Zero ? rest : null;

    /// <summary>How long it may still converge: it is not ready for less than a minute, or was ready before the change that is being composed.</summary>
    private static TimeSpan Settling(JsonObject composite, DateTimeOffset now) =>
        (composite.At("status", "conditions") as JsonArray ?? []).FirstOrDefault(c => c.Text("type") == "Ready") is { } ready && ready.Text("status") != "True"
            && DateTimeOffset.TryParse(ready.Text("lastTransitionTime"), CultureInfo.InvariantCulture, out var since)
            ? since + Converging - now
            : Converging;

    /// <summary>When to look again though nothing changed: as the annotation says, or because functions read what does not wake a composite.</summary>
    public static TimeSpan? Poll(JsonObject composite, JsonObject revision) =>
        GoDuration.TryParse(composite.Annotation(Names.PollIntervalAnnotation), out var own)
            ? own > LeastPoll ? own : LeastPoll
            : Requires(revision) ? Requiring : null;

    private static bool Requires(JsonObject revision) =>
        (revision.At("spec", "pipeline") as JsonArray ?? []).Any(step => BuiltInFunctions.Find(step.At("functionRef").Text("name")) is not { MayRequire: false });

    /// <summary>The status that the functions give it, their conditions aside.</summary>
    public static void ReportFunctions(JsonObject document, Rendering rendering)
    {
        if (rendering.DesiredComposite["status"] is JsonObject status)
        {
            Documents.Overlay(document.Member("status"), status);
        }
    }

    /// <summary>Whether it is ready, in Crossplane's words.</summary>
    /// <param name="synced">False when some of what it composes could not be brought to what it should be.</param>
    public static Condition Readiness(Rendering rendering, bool synced)
    {
        var unready = Unready(rendering);
        return rendering.CompositeReady == true || (unready.Count == 0 && synced && rendering.CompositeReady is null)
            ? Condition.True("Ready", "Available")
            : Condition.False("Ready", "Creating", unready.Count > 0 ? $"Unready resources: {List(unready)}" : "Composite resource is not ready");
    }

    private static Condition Ready(Rendering rendering, IReadOnlyList<Unsynced> unsynced)
    {
        var ready = Readiness(rendering, unsynced.Count == 0);
        if (ready.Status == "True")
        {
            return ready;
        }

        var unready = Unready(rendering);
        var failures = unready
            .Select(name => (Name: name, Problem: Failure(rendering.Observed.GetValueOrDefault(name)?.Document)))
            .Where(d => d.Problem is not null)
            .GroupBy(d => d.Problem!.Message, d => d.Name)
            .Select(g => $"{string.Join(", ", g)}: {g.Key}").ToList();
        return failures.Count > 0 ? Condition.False("Ready", ComposedFailing, string.Join("; ", failures))
            : unready.Count > 0 ? ready
            : ready with { Message = NotReady(rendering) };
    }

    /// <summary>What is wrong with a composed resource; of a composite, what is wrong below it.</summary>
    private static Condition? Failure(JsonObject? document) =>
        document?.FindCondition("Synced") is { Status: "False", Reason: "ReconcileError" } unsynced ? unsynced
        : document?.FindCondition("Ready") is { Reason: ComposedFailing } below ? below : null;

    /// <summary>All that is composed is ready, and a function says that it is not enough: its warnings say why.</summary>
    private static string NotReady(Rendering rendering) => string.Join("; ", rendering.Results.Where(r => r.Severity == Severity.Warning).Select(r => r.Message)
        .DefaultIfEmpty("Composite resource is not ready"));

    // Sorted, as Crossplane has them: the text then stays the same when the functions' order does not.
    private static List<string> Unready(Rendering rendering) =>
        [.. rendering.Desired.Where(d => d.Value.Ready != true).Select(d => d.Key).Order(StringComparer.Ordinal)];

    private static string List(List<string> names) => names.Count <= Named ? string.Join(", ", names)
        : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", names.Take(Named))}, and {names.Count - Named} more");

    /// <summary>The conditions that the functions give it.</summary>
    public static void ReportConditions(JsonObject document, Rendering rendering, DateTimeOffset now)
    {
        var onClaim = new List<string>();
        foreach (var condition in rendering.Conditions.Where(c => !Reserved.Contains(c.Type)))
        {
            document.SetCondition(new Condition(condition.Type, condition.Status, condition.Reason, condition.Message ?? ""), now);
            if (condition.OnClaim)
            {
                onClaim.Add(condition.Type);
            }
        }

        if (onClaim.Count > 0)
        {
            document.Member("status")["claimConditionTypes"] = new JsonArray([.. onClaim.Distinct().Select(t => (JsonNode)t)]);
        }
    }
}
