using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Ui.Components;

namespace Flagstone.Catalog.Runs;

/// <summary>A run of a golden path as the pages show it.</summary>
internal sealed record RunRow(string Namespace, string Name, string Template, string Subject, Status Status)
{
    public DateTimeOffset? Created { get; init; }

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    public string Href => $"/runs/{Uri.EscapeDataString(Namespace)}/{Uri.EscapeDataString(Name)}";

    public bool IsOver => Status.Tone is Tone.Good or Tone.Bad;

    public static RunRow Of(JsonObject run)
    {
        var status = run["status"];
        return new RunRow(
            run.NamespaceOf(), run.NameOf(), run["spec"].Text("template"), run["spec"].At("values").Text("name"),
            status.Text("phase") switch
            {
                "" => new Status("Pending", Tone.Busy),
                "Running" => new Status("Running", Tone.Busy),
                var phase => Status.OfPhase(phase, status.Text("message")),
            })
        {
            Created = Times.Read(run["metadata"].Text("creationTimestamp")),
            Started = Times.Read(status.Text("startedAt")),
            Finished = Times.Read(status.Text("finishedAt")),
        };
    }
}
