using System.Text.Json.Nodes;
using Flagstone.Catalog.Sources;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Ui.Components;

namespace Flagstone.Catalog.Services;

/// <summary>A GitSource as the pages show it.</summary>
/// <param name="Applied">The commit that is applied, or empty.</param>
/// <param name="Refused">The commit that was refused last, or empty.</param>
/// <param name="Problem">Why its branch is not applied, with file and line where it has them; empty while nothing stands in the way.</param>
internal sealed record SourceRow(string Name, string Repository, string Applied, string Refused, string Problem)
{
    /// <summary>Since when it is as it is.</summary>
    public DateTimeOffset? Since { get; init; }

    public string Title => Refused.Length > 0 ? $"Commit {CommitRow.Short(Refused)} of {Repository} is refused" : $"{Repository} is not applied";

    public static SourceRow Of(JsonObject source)
    {
        var isRefused = source.FindCondition(SourceStatus.Synced) is { Status: "False" };
        return new SourceRow(
            source.NameOf(), source["spec"].Text("repository"), source["status"].Text("appliedCommit"),
            isRefused ? source["status"].Text("refusedCommit") : "",
            isRefused ? source.FindCondition(SourceStatus.Synced)!.Message : "")
        {
            Since = ServiceRow.Transition(source, SourceStatus.Synced),
        };
    }

    /// <summary>What is said of a commit of its repository; null for one that it neither applied nor refused last.</summary>
    public Status? Of(CommitRow commit) =>
        commit.Repository != Repository ? null
        : commit.Id == Refused ? new Status("Refused", Tone.Bad, Problem)
        : commit.Id == Applied ? new Status("Applied", Tone.Good)
        : null;
}
