using System.Text.Json.Nodes;
using Flagstone.Catalog.Services;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Ui.Components;

namespace Flagstone.Catalog.Runs;

/// <summary>What a run has led to so far, as it was read.</summary>
/// <param name="Sources">The Git sources that the run registered.</param>
/// <param name="Component">The service in the catalog, or null before it is there.</param>
internal sealed record RunTrail(
    IReadOnlyList<JsonObject> Sources, IReadOnlyList<(KindDefinition Kind, JsonObject Claim)> Claims, IReadOnlyList<JsonObject> Deployments, JsonObject? Component);

/// <summary>From the form to the running service on one line: the run's own steps, then what follows by itself.</summary>
internal static class RunTimeline
{
    private static readonly Status Waiting = new("Waiting", Tone.Neutral);

    public static IReadOnlyList<TimelineStep> Steps(JsonObject run) =>
        [.. (run["status"].At("steps") as JsonArray ?? []).OfType<JsonObject>().Select(s => new TimelineStep(
            s.Text("id"), s.Text("name") is { Length: > 0 } name ? name : s.Text("id"), StepStatus(s.Text("phase")),
            Times.Read(s.Text("startedAt")), Times.Read(s.Text("finishedAt")), s.Text("message")))];

    /// <summary>What follows the steps. All of it waits while the run itself is not through.</summary>
    public static IReadOnlyList<TimelineStep> WayOn(RunTrail trail, string appsUrl = "")
    {
        var steps = new List<TimelineStep> { Synced(trail.Sources) };
        if (trail.Claims.Count == 0)
        {
            steps.Add(new TimelineStep("claim", "Database and other claims ready", Waiting));
        }

        steps.AddRange(trail.Claims.Select(c => Claim(c.Kind, c.Claim)));
        steps.Add(Deployed(trail.Deployments));
        steps.Add(Running(trail.Component, appsUrl));
        return steps;
    }

    /// <summary>The addresses that the template puts out.</summary>
    public static IReadOnlyList<(string Title, string Href)> Links(JsonObject run) =>
        [.. (run["status"].At("output", "links") as JsonArray ?? []).OfType<JsonObject>()
            .Select(l => (l.Text("title"), Href: ServiceLinks.IsWeb(l.Text("url")) ? l.Text("url") : EntityHref(l.Text("entityRef"))))
            .Where(l => l.Href.Length > 0)];

    /// <summary>The page of an entity that a reference names, such as <c>component:default/orders</c>; empty for kinds without a page.</summary>
    public static string EntityHref(string reference)
    {
        var colon = reference.IndexOf(':', StringComparison.Ordinal);
        var slash = reference.IndexOf('/', StringComparison.Ordinal);
        return colon > 0 && slash > colon && reference[..colon].Equals("component", StringComparison.OrdinalIgnoreCase)
            ? $"/services/{Uri.EscapeDataString(reference[(colon + 1)..slash])}/{Uri.EscapeDataString(reference[(slash + 1)..])}"
            : "";
    }

    private static Status StepStatus(string phase) => phase switch
    {
        "Processing" or "Running" => new("Running", Tone.Busy),
        "Completed" or "Succeeded" => new("Done", Tone.Good),
        "Skipped" => new("Skipped", Tone.Neutral),
        "Failed" => new("Failed", Tone.Bad),
        _ => Waiting,
    };

    private static TimelineStep Synced(IReadOnlyList<JsonObject> sources)
    {
        const string Title = "Desired state applied from Git";
        if (sources.Count == 0)
        {
            return new TimelineStep("sources", Title, Waiting);
        }

        var conditions = sources.Select(s => (Source: s, Synced: s.FindCondition("Synced"))).ToList();
        var bad = conditions.Find(c => c.Synced is { Status: "False" });
        return bad.Synced is not null
            ? new TimelineStep("sources", Title, new Status("Refused", Tone.Bad), Message: $"{bad.Source.NameOf()}: {bad.Synced.Message}")
            : conditions.TrueForAll(c => c.Synced is { Status: "True" })
                ? new TimelineStep("sources", Title, new Status("Synced", Tone.Good), Message: string.Join(", ", sources.Select(Applied)))
                : new TimelineStep("sources", Title, new Status("Syncing", Tone.Busy));
    }

    private static string Applied(JsonObject source)
    {
        const int ShortLength = 8;
        var commit = source["status"].Text("appliedCommit");
        return commit.Length > ShortLength ? $"{source.NameOf()} at {commit[..ShortLength]}" : source.NameOf();
    }

    private static TimelineStep Claim(KindDefinition kind, JsonObject claim)
    {
        var status = Status.OfConditions(claim);
        return new TimelineStep($"claim-{kind.Kind}-{claim.NameOf()}", $"{kind.Kind} {claim.NameOf()} ready", status, Message: status.Detail)
        {
            Links = [("Claim", $"/claims/{kind.Id}/{claim.NamespaceOf()}/{claim.NameOf()}")],
        };
    }

    private static TimelineStep Deployed(IReadOnlyList<JsonObject> deployments)
    {
        const string Title = "Deployment available";
        if (deployments.Count == 0)
        {
            return new TimelineStep("deployment", Title, Waiting);
        }

        var rows = deployments.Select(DeploymentRow.Of).ToList();
        var worst = rows.Find(r => r.Status.Tone != Tone.Good) ?? rows[0];
        return new TimelineStep("deployment", Title, worst.Status, Message: worst.Status.Detail);
    }

    private static TimelineStep Running(JsonObject? component, string appsUrl)
    {
        const string Title = "Service running";
        if (component is null)
        {
            return new TimelineStep("service", Title, Waiting);
        }

        var row = ServiceRow.Of(component, appsUrl);
        List<(string, string)> links = [("Service page", row.Href)];
        if (ServiceLinks.IsWeb(row.Url))
        {
            links.Add((row.Url, row.Url));
        }

        return new TimelineStep("service", Title, row.Status, Message: row.Status.Detail) { Links = links };
    }
}
