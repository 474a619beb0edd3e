using System.Text.Json.Nodes;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Scaffolder.Actions;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Runs;

/// <summary>The actions that a run may use, bound to those for whom it acts.</summary>
internal sealed class RunActions(
    HostedRepositories repositories, RepositoryUrls urls, ResourceGateway gateway, ResourceStore store, KindRegistry kinds)
{
    public IReadOnlyCollection<IScaffolderAction> For(RunOwner owner) =>
    [
        new FetchTemplateAction(),
        new PublishRecordedAction(new PublishGitAction(repositories, urls), owner, this),
        new CatalogRegisterAction(repositories, urls, owner, this),
    ];

    public Task<StoredResource?> FindAsync(ResourceKey key, CancellationToken ct) => store.FindAsync(key, ct);

    /// <summary>Makes a resource, or finds that this run has made it. Null when it is there; else why it is not.</summary>
    public async Task<string?> EnsureAsync(RunOwner owner, KindId kindId, string name, JsonObject spec, CancellationToken ct)
    {
        var kind = kinds.Find(kindId)!;
        var document = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["annotations"] = new JsonObject { [RunOwner.Annotation] = owner.Id.ToString() },
            },
            ["spec"] = spec,
        };
        if (kindId == GitKinds.Repository)
        {
            RepositoryHold.Add(document);
        }

        var outcome = await gateway.CreateAsync(owner.Platform, kind, "", document, owner.Options, ct);
        if (outcome is not Refused refused)
        {
            return null;
        }

        return refused.Problem.Slug == "already-exists" && await IsOwnAsync(owner, kind.Key("", name), ct) ? null : refused.Problem.Detail;
    }

    public async Task<bool> IsOwnAsync(RunOwner owner, ResourceKey key, CancellationToken ct) =>
        (await store.FindAsync(key, ct))?.ToDocument().Annotation(RunOwner.Annotation) == owner.Id.ToString();
}
