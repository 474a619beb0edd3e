using System.Text.Json.Nodes;
using Flagstone.Catalog.Deployments;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Services;
using Flagstone.Platform;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Endpoints;

/// <summary>Brings together what a service's page shows.</summary>
internal sealed class ServiceDetails(HostedRepositories repositories, RepositoryUrls urls, ServiceReader reader, PlatformOptions options)
{
    private const string RepositoryAnnotation = "flagstone.dev/repository";
    private const int MaxCommits = 20;

    /// <summary>The repository that a component names, or null.</summary>
    public static RepositoryName? RepositoryOf(JsonObject component) =>
        RepositoryName.TryParse(component.Annotation(RepositoryAnnotation), out var name) ? name : null;

    public async Task<ServiceView> ViewAsync(JsonObject component, CancellationToken ct)
    {
        var summary = ServiceViews.Summary(component);
        var ns = ServiceReader.NamespaceOf(component);
        var app = Hosted(RepositoryOf(component));
        var gitops = app is { } name ? Hosted(Releases.GitopsOf(name)) : null;
        var claims = (await reader.ClaimsAsync(ns, ct)).Select(ServiceReader.ObserveClaim).Select(c => new ServiceClaim(c.Kind, c.Name, c.IsReady, c.Message));
        var (commits, deployments) = await Task.Run(() => (Log(app), Log(gitops)), ct);
        return new ServiceView(
            summary.Namespace, summary.Name, summary.Description, summary.Owner, summary.Lifecycle, summary.Phase, summary.Message, summary.Commit,
            summary.Commit is null ? null : $"{options.PublicAppsUrl}/{ns}/{summary.Name}/", ns,
            app is { } a ? urls.Remote(a) : null, gitops is { } g ? urls.Remote(g) : null, [.. claims], commits, deployments);
    }

    private RepositoryName? Hosted(RepositoryName? name) => name is { } given && repositories.Folder.Exists(given) ? name : null;

    private IReadOnlyList<ServiceCommit> Log(RepositoryName? name) =>
        name is { } repository && repositories.Resolve(repository, BranchName.Main) is { } head
            ? [.. repositories.Log(repository, head, MaxCommits).Select(ServiceViews.Commit)]
            : [];
}
