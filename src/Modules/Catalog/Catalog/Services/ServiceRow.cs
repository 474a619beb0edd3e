using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Ui.Components;

namespace Flagstone.Catalog.Services;

/// <summary>A Component as the pages show it: what was declared, and what the platform observed of it.</summary>
internal sealed record ServiceRow(string Namespace, string Name, string Title, string Description, string Type, string Owner, string Lifecycle, Status Status)
{
    /// <summary>Where it answers, or empty.</summary>
    public string Url { get; init; } = "";

    public string Environment { get; init; } = "";

    /// <summary>Where its workload and its claims are.</summary>
    public string Workload { get; init; } = "";

    public string Repository { get; init; } = "";

    public string GitOpsRepository { get; init; } = "";

    public DateTimeOffset? Created { get; init; }

    public DateTimeOffset? Since { get; init; }

    public string Href => $"/services/{Uri.EscapeDataString(Namespace)}/{Uri.EscapeDataString(Name)}";

    public bool IsService => Type == "service" || Status.Word != NotRun;

    public bool NeedsAttention => Status.Tone is Tone.Bad or Tone.Warning or Tone.Busy && Status.Word != "Deprecated";

    /// <summary>What is said of a component that the platform does not run.</summary>
    private const string NotRun = "Not run here";

    /// <param name="appsUrl">Where services are reached; no slash at its end.</param>
    public static ServiceRow Of(JsonObject component, string appsUrl)
    {
        var (spec, status) = (component["spec"], component["status"]);
        var phase = status.Text("phase");
        var ready = component.FindCondition("Ready");
        var detail = status.Text("message") is { Length: > 0 } message ? message : ready is { Status: not "True" } || phase != "Running" ? ready?.Message ?? "" : "";
        var name = component.NameOf();
        var workload = component.Annotation("backstage.io/kubernetes-namespace") is { Length: > 0 } ns ? ns : name;
        return new ServiceRow(
            component.NamespaceOf(), name,
            component["metadata"].Text("title") is { Length: > 0 } title ? title : name,
            component["metadata"].Text("description"), spec.Text("type"), OwnerName(spec.Text("owner")), spec.Text("lifecycle"),
            component.IsDeleting() ? new Status("Deleting", Tone.Busy) : phase.Length == 0 ? new Status(NotRun, Tone.Neutral) : Status.OfPhase(phase, detail))
        {
            // It answers somewhere once a commit of it is deployed.
            Url = status.Text("url") is { Length: > 0 } url ? url : status.Text("commit").Length > 0 ? $"{appsUrl}/{workload}/{name}/" : "",
            Environment = component.Label("flagstone.dev/environment"),
            Workload = workload,
            Repository = component.Annotation("flagstone.dev/repository"),
            GitOpsRepository = component.Annotation("flagstone.dev/gitops-repository"),
            Created = Times.Read(component["metadata"].Text("creationTimestamp")),
            Since = Times.Read(status.Text("since")) ?? Transition(component, "Ready"),
        };
    }

    /// <summary>The name in an entity reference: <c>group:default/payments</c> is <c>payments</c>.</summary>
    public static string OwnerName(string reference) => reference[(reference.LastIndexOfAny(['/', ':']) + 1)..];

    /// <summary>When a condition last changed its status, or null.</summary>
    public static DateTimeOffset? Transition(JsonObject document, string type) =>
        (document["status"].At("conditions") as JsonArray)?.FirstOrDefault(c => c.Text("type") == type) is { } found
            ? Times.Read(found.Text("lastTransitionTime"))
            : null;
}
