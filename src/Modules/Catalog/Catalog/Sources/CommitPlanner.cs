using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Sources;

/// <summary>
/// Prepares everything that a commit changes: nothing is stored here, and the first refusal ends it. Objects that are as declared need no
/// write.
/// </summary>
internal sealed partial class CommitPlanner(ResourceStore store, ResourceGateway gateway, KindRegistry kinds, TimeProvider clock)
{
    public async Task<(IReadOnlyList<Prepared> Writes, SourceRefusal? Refusal)> PlanAsync(
        SourceCommit commit, IReadOnlyList<Manifest> manifests, IReadOnlyList<ResourceKey> inventory, CancellationToken ct)
    {
        var writes = new List<Prepared>();
        var options = commit.Options;
        var (created, refusal) = await NamespaceAsync(commit, manifests, ct);
        if (refusal is not null)
        {
            return ([], refusal);
        }

        if (created is not null)
        {
            writes.Add(created);
            options = options with { CreatesNamespace = created.Document.NameOf() };
        }

        foreach (var manifest in manifests)
        {
            var (prepared, refused) = await ApplyAsync(commit, manifest, options, ct);
            if (refused is not null)
            {
                return ([], refused);
            }

            if (prepared is not null)
            {
                writes.Add(prepared);
            }
        }

        foreach (var gone in inventory.Except(manifests.Select(m => m.Key)))
        {
            var (prepared, refused) = await PruneAsync(commit, gone, ct);
            if (refused is not null)
            {
                return ([], refused);
            }

            if (prepared is not null)
            {
                writes.Add(prepared);
            }
        }

        return (writes, null);
    }

    private async Task<(Prepared?, SourceRefusal?)> ApplyAsync(SourceCommit commit, Manifest manifest, WriteOptions options, CancellationToken ct)
    {
        var existing = await store.FindAsync(manifest.Key, ct);
        if (existing is not null && SourceRules.OtherSource(existing.ToDocument(), commit.Manager) is { } other)
        {
            return (null, manifest.Refuse($"{manifest.Kind.Kind} '{manifest.Key.Display}' belongs to source '{other}'; give it another name, or remove it there", "metadata.name"));
        }

        if (existing is not null && SourceRules.IsLeftAlone(existing.ToDocument()))
        {
            return (null, null);
        }

        var document = (JsonObject)manifest.Document.DeepClone();
        document["apiVersion"] = manifest.Kind.ApiVersion;
        if (manifest.Kind.Namespaced)
        {
            document.Metadata()["namespace"] = manifest.Key.Namespace;
        }

        if (manifest.Kind.HasStatus)
        {
            document.Remove("status");
        }

        var (prepared, problem) = await gateway.PrepareApplyAsync(
            commit.Caller, manifest.Kind, manifest.Key.Namespace, existing, document, force: true, options, clock.GetUtcNow(), ct);
        return problem is null ? (prepared, null) : (null, manifest.Refuse(problem.Detail, FieldOf(problem)));
    }

    private async Task<(Prepared?, SourceRefusal?)> PruneAsync(SourceCommit commit, ResourceKey key, CancellationToken ct)
    {
        // What is gone, what somebody took over, and what the source may touch no more is left alone.
        if (kinds.Find(key.Kind) is not { } kind
            || SourceRules.Refuse(commit.Spec, kind, key.Namespace) is not null
            || await store.FindAsync(key, ct) is not { } existing
            || !SourceRules.IsManaged(existing.ToDocument(), commit.Manager)
            || SourceRules.IsLeftAlone(existing.ToDocument()))
        {
            return (null, null);
        }

        var (prepared, problem) = await gateway.PrepareDeleteAsync(commit.Caller, kind, existing, new DeleteOptions(), commit.Options, ct);
        return problem is null ? (prepared, null) : (null, new SourceRefusal("", 0, $"pruning {kind.Kind} '{key.Display}' is refused: {problem.Detail}"));
    }

    // A namespace belongs to the cluster, so the platform makes it: the source's maker was allowed to ask for it.
    private async Task<(Prepared?, SourceRefusal?)> NamespaceAsync(SourceCommit commit, IReadOnlyList<Manifest> manifests, CancellationToken ct)
    {
        var name = commit.Spec.Namespaces[0];
        if (!commit.Spec.CreateNamespace
            || !manifests.Any(m => m.Key.Namespace == name)
            || await store.FindAsync(NamespaceView.KeyOf(name), ct) is not null)
        {
            return (null, null);
        }

        var environment = manifests.Select(m => m.Document.Label("flagstone.dev/environment")).FirstOrDefault(e => e.Length > 0) ?? "dev";
        var document = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = new JsonObject { [Runs.ServiceNameRules.ServiceLabel] = ServiceOf(name, environment), ["flagstone.dev/environment"] = environment },
            },
        };
        var (prepared, problem) = await gateway.PrepareCreateAsync(
            Caller.System(GitSourceGrain.Controller), kinds.Find(NamespaceView.Kind)!, "", document, commit.Options, ct);
        return problem is null ? (prepared, null) : (null, new SourceRefusal("", 0, $"namespace '{name}' is refused: {problem.Detail}"));
    }

    // A service owns the namespace of its name, its other environments NAME-ENV.
    private static string ServiceOf(string ns, string environment) =>
        ns.EndsWith($"-{environment}", StringComparison.Ordinal) ? ns[..^(environment.Length + 1)] : ns;

    private static string FieldOf(Problem problem) =>
        problem.Causes is [var cause, ..] ? cause.Field
        : UnknownField().Match(problem.Detail) is { Success: true } match ? match.Groups[1].Value
        : "";

    [GeneratedRegex("unknown field \"([^\"]+)\"")]
    private static partial Regex UnknownField();
}
