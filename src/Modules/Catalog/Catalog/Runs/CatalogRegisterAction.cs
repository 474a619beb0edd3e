using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Scaffolder.Actions;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;

namespace Flagstone.Catalog.Runs;

/// <summary>
/// Registers a repository (Backstage, <c>catalog:register</c>): from now on its entities follow its main branch, and when the same run made a
/// GitOps repository for it, the service's namespace follows that one's manifests.
/// </summary>
internal sealed class CatalogRegisterAction(HostedRepositories repositories, RepositoryUrls urls, RunOwner owner, RunActions resources) : IScaffolderAction
{
    private const string EntityNamespace = "default";
    private const string Manifests = "manifests";
    private const int MaxBytes = 1 << 20;

    public string Name => "catalog:register";

    public async Task<ActionOutcome> RunAsync(ActionContext context, CancellationToken ct)
    {
        var input = new ActionInput(Name, context.Input);
        var contents = input.Text("repoContentsUrl");
        var path = input.Text("catalogInfoPath", "/catalog-info.yaml").TrimStart('/');
        if (!urls.TryParseContents(contents, out var repository, out var branch))
        {
            input.Refuse($"'repoContentsUrl' is '{contents}', which is no repository that this platform hosts");
        }

        if (!RelativePath.TryParse(path, out var file, out var unfit))
        {
            input.Refuse($"'catalogInfoPath' is '{path}', and {unfit}");
        }

        if (input.Refusal is { } refusal)
        {
            return refusal;
        }

        var (entity, problem) = Read(repository, branch, file);
        if (entity is null)
        {
            return new ActionRefused($"Action '{Name}': {problem}.");
        }

        return await RegisterAsync(repository, branch, file, ct) is { } why
            ? new ActionRefused($"Action '{Name}': {why}.")
            : new ActionDone(new JsonObject { ["entityRef"] = entity, ["catalogInfoUrl"] = $"{contents.TrimEnd('/')}/{path}" });
    }

    private async Task<string?> RegisterAsync(RepositoryName repository, BranchName branch, RelativePath file, CancellationToken ct)
    {
        var gitops = $"{repository}{ServiceNameRules.GitopsSuffix}";
        if (RepositoryName.TryParse(gitops, out var desired) && await resources.IsOwnAsync(owner, GitKinds.RepositoryKey(desired), ct))
        {
            var spec = Spec(desired, BranchName.Main, Manifests, repository.Value);
            spec["createNamespace"] = true;
            if (await resources.EnsureAsync(owner, GitKinds.Source, gitops, spec, ct) is { } refused)
            {
                return refused;
            }
        }

        var entities = Spec(repository, branch, file.Value, EntityNamespace);
        entities["kinds"] = new JsonArray($"*.{EntityKinds.Group}");
        return await resources.EnsureAsync(owner, GitKinds.Source, repository.Value, entities, ct);
    }

    private JsonObject Spec(RepositoryName repository, BranchName branch, string path, string ns) => new()
    {
        ["repository"] = repository.Value,
        ["branch"] = branch.Value,
        ["path"] = path,
        ["namespaces"] = new JsonArray(ns),
        ["actor"] = owner.Caller.Actor.Id,
    };

    // The reference of the first component, else of the first entity.
    private (string? Entity, string Problem) Read(RepositoryName repository, BranchName branch, RelativePath file)
    {
        if (repositories.Resolve(repository, branch) is not { } head || repositories.ReadFile(repository, head, file, MaxBytes) is not { } content)
        {
            return (null, $"repository '{repository}' has no file '{file}' on branch '{branch}'");
        }

        if (!YamlReader.TryReadAll(Encoding.UTF8.GetString(content.Bytes.Span), null, out var documents, out var error))
        {
            return (null, $"{file}: {error}");
        }

        var entity = documents.Select(d => d.Mapping).OrderByDescending(d => d.Text("kind") == "Component").FirstOrDefault();
        return entity is null
            ? (null, $"{file} holds no entity")
            : ($"{entity.Text("kind")}:{EntityNamespace}/{entity.NameOf()}".ToLowerInvariant(), "");
    }
}
