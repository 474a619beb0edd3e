using System.Text.Json.Nodes;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Services;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Endpoints;

/// <summary>A service as a list shows it.</summary>
/// <param name="Phase"><c>Scaffolded</c>, <c>Provisioning</c>, <c>Deploying</c>, <c>Running</c>, <c>Degraded</c>, <c>Deprecated</c> or <c>Retired</c>; null until it was observed.</param>
/// <param name="Commit">The commit that is deployed, or null.</param>
/// <param name="Message">What the phase is for; empty until it was observed.</param>
public sealed record ServiceSummary(
    string Namespace, string Name, string Description, string Owner, string Lifecycle, string? Phase, string Message, string? Commit);

/// <summary>A service with what it is made of.</summary>
/// <param name="Url">Where it answers, once it is deployed; null before.</param>
/// <param name="RunsIn">The namespace in which it runs.</param>
/// <param name="Repository">What <c>git clone</c> takes; null when the platform hosts none for it.</param>
/// <param name="Commits">The newest of its main branch, newest first.</param>
/// <param name="Deployments">The newest of its GitOps repository, newest first.</param>
public sealed record ServiceView(
    string Namespace, string Name, string Description, string Owner, string Lifecycle, string? Phase, string Message, string? Commit, string? Url, string RunsIn,
    string? Repository, string? GitopsRepository, IReadOnlyList<ServiceClaim> Claims, IReadOnlyList<ServiceCommit> Commits,
    IReadOnlyList<ServiceCommit> Deployments);

/// <summary>A claim of a service.</summary>
/// <param name="Message">Why it is not ready; empty when there is nothing to say.</param>
public sealed record ServiceClaim(string Kind, string Name, bool Ready, string Message);

/// <summary>A commit.</summary>
public sealed record ServiceCommit(string Id, string Title, string Author, DateTimeOffset When);

/// <summary>Which commit to bring back.</summary>
/// <param name="Commit">The whole SHA-1, or null for the one that ran before.</param>
public sealed record RollbackRequest(string? Commit);

/// <summary>A rollback that was committed.</summary>
/// <param name="GitopsCommit">The GitOps commit that says so; the source applies it next.</param>
public sealed record RollbackView(string From, string To, string GitopsCommit);

internal static class ServiceViews
{
    public static ServiceSummary Summary(JsonObject component)
    {
        var facts = StoredCatalog.Facts(component);
        return new ServiceSummary(
            facts.Name.Namespace, facts.Name.Name, component["metadata"].Text("description"), facts.Owner, facts.Lifecycle, facts.Phase?.ToString(),
            component.FindCondition("Ready")?.Message ?? "", facts.Commit);
    }

    public static ServiceCommit Commit(CommitSummary commit) => new(commit.Id.Value, commit.Title, commit.Author.Name, commit.When);
}
