using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Ui.Components;

namespace Flagstone.Catalog.Services;

/// <summary>A Deployment as the service's page shows it.</summary>
/// <param name="Status">How its newest rollout is.</param>
/// <param name="Commit">The commit that is declared; empty where none is.</param>
/// <param name="Running">The commit that answers requests; empty while none does.</param>
/// <param name="Image">The image that is declared.</param>
internal sealed record DeploymentRow(string Name, Status Status, long Ready, long Wanted, string Repository, string Commit, string Running, string Image)
{
    /// <summary>True when another commit is declared than the one that answers.</summary>
    public bool IsMoving => Running.Length > 0 && Commit.Length > 0 && Running != Commit;

    /// <summary>How far the declared commit is.</summary>
    public Status Rollout => Status.Tone switch
    {
        Tone.Good => new Status("Running", Tone.Good),
        Tone.Bad => new Status("Failed", Tone.Bad, Status.Detail),
        _ => new Status("Starting", Tone.Busy, Status.Detail),
    };

    public static DeploymentRow Of(JsonObject deployment)
    {
        var source = deployment.Annotation("flagstone.dev/source");
        var at = source.IndexOf('@', StringComparison.Ordinal);
        var seen = ServiceReader.ObserveDeployment(deployment);
        var image = (deployment["spec"].At("template", "spec", "containers") as JsonArray)?.FirstOrDefault().Text("image") ?? "";
        return new DeploymentRow(
            deployment.NameOf(), StatusOf(deployment, seen), seen.Ready, seen.Desired, at < 0 ? "" : source[..at], seen.Wanted, seen.Answering, image);
    }

    /// <summary>What is said of a commit of its repository; null for one that is neither declared nor answers.</summary>
    public Status? Of(CommitRow commit) =>
        commit.Repository != Repository ? null
        : commit.Id == Running ? new Status("Running", Tone.Good)
        : commit.Id == Commit ? Rollout
        : null;

    private static Status StatusOf(JsonObject deployment, DeploymentObservation seen) => seen.Rollout switch
    {
        Services.Rollout.Failed => new Status("Failed", Tone.Bad, seen.Message),
        Services.Rollout.Complete when seen.IsAvailable => new Status("Available", Tone.Good),
        _ when seen.IsAvailable => new Status("Rolling out", Tone.Busy),
        _ when deployment["status"].At("conditions") is null => new Status("Pending", Tone.Busy),
        _ => new Status("Unavailable", seen.Ready > 0 ? Tone.Warning : Tone.Busy, seen.Message),
    };
}
