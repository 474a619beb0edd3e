using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Endpoints;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Catalog.Services;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Runs;

/// <summary>
/// What a run would stop at or stumble over, looked for before it is made. A hint for the one at the form: the run itself looks again, because
/// names are taken meanwhile.
/// </summary>
internal sealed class RunChecks(HostedRepositories repositories, ResourceStore store)
{
    private const string Publish = "publish:git";
    private const string Repository = "repository";

    /// <summary>Null when the names of all repositories that the template would publish are free; else the first that is not.</summary>
    public async Task<Problem?> RefuseAsync(Caller caller, TemplateDefinition template, JsonObject values, CancellationToken ct)
    {
        foreach (var name in RepositoriesOf(caller, template, values, ct))
        {
            var ns = ServiceNameRules.NamespaceOf(name.Value);
            if (await store.FindAsync(GitKinds.RepositoryKey(name), ct) is not null || repositories.Folder.Exists(name))
            {
                return CatalogProblems.NameTaken(
                    ns, $"Repository '{name}' is hosted here already. Use another name, work on the service that is there, or remove it first (docs/guides/remove-a-service.md).");
            }

            var existing = await store.FindAsync(NamespaceView.KeyOf(ns), ct);
            if (ServiceNameRules.Refuse(caller, ns, existing?.ToDocument()) is { } why)
            {
                return CatalogProblems.NameTaken(ns, $"The service cannot be called '{ns}': {why}.");
            }
        }

        return null;
    }

    /// <summary>What is odd and does not stop the run: owners that the catalog does not have.</summary>
    public async Task<IReadOnlyList<string>> WarningsAsync(IReadOnlyList<ParameterStep> pages, JsonObject values, CancellationToken ct)
    {
        var warnings = new List<string>();
        foreach (var field in OwnersOf(pages))
        {
            var text = values.Text(field);
            if (!EntityName.TryParse(text, out var owner))
            {
                continue;
            }

            var (plural, word) = text.StartsWith("user:", StringComparison.OrdinalIgnoreCase) ? (EntityKinds.User, "user") : (EntityKinds.Team, "group");
            if (await store.FindAsync(new ResourceKey(plural, owner.Namespace, owner.Name), ct) is null)
            {
                warnings.Add($"{field}: the catalog has no {word} '{owner}'. The service is made all the same; nobody is listed behind it until the {word} is added.");
            }
        }

        return warnings;
    }

    private static IEnumerable<RepositoryName> RepositoriesOf(Caller caller, TemplateDefinition template, JsonObject values, CancellationToken ct)
    {
        // No step has run: what stands on the output of another renders to no name, and is left to the run.
        var state = new RunState(new RunIdentity(Guid.Empty, DateTimeOffset.UnixEpoch, caller.Name), values, []);
        foreach (var step in template.Steps.Where(s => s.Action == Publish))
        {
            var plan = StepRules.Plan(step with { Input = new JsonObject { [Repository] = step.Input[Repository]?.DeepClone() } }, state, ct);
            IReadOnlyList<JsonObject> inputs = plan switch { StepInput once => [once.Input], StepInputs each => each.Inputs, _ => [] };
            foreach (var input in inputs)
            {
                if (RepositoryName.TryParse(input.Text(Repository), out var name))
                {
                    yield return name;
                }
            }
        }
    }

    private static IEnumerable<string> OwnersOf(IReadOnlyList<ParameterStep> pages) =>
        pages.SelectMany(p => p.Schema["properties"] as JsonObject ?? []).Where(p => p.Value.Text("ui:field") is "OwnerPicker" or "OwnedEntityPicker").Select(p => p.Key);
}
