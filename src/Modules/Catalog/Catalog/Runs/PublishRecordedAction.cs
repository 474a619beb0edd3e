using System.Text.Json.Nodes;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Scaffolder.Actions;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Runs;

/// <summary>Publishes, and makes the Repository resource by which the platform knows the repository and who may push to it.</summary>
internal sealed class PublishRecordedAction(IScaffolderAction publish, RunOwner owner, RunActions resources) : IScaffolderAction
{
    public string Name => publish.Name;

    public async Task<ActionOutcome> RunAsync(ActionContext context, CancellationToken ct)
    {
        var repository = context.Input.Text("repository");
        var ns = ServiceNameRules.NamespaceOf(repository);
        var existing = await resources.FindAsync(NamespaceView.KeyOf(ns), ct);
        if (ServiceNameRules.Refuse(owner.Caller, ns, existing?.ToDocument()) is { } refused)
        {
            return new ActionRefused($"Action '{Name}': {refused}.");
        }

        // One that is being deleted still has its bare repository, or has just lost it: neither is this run's to fill.
        if (RepositoryName.TryParse(repository, out var name) && GitKinds.RepositoryKey(name) is var key
            && await resources.FindAsync(key, ct) is not null && !await resources.IsOwnAsync(owner, key, ct))
        {
            return new ActionRefused($"Action '{Name}': repository '{repository}' is there already, or is still being removed. Use another name, or try again once it is gone.");
        }

        var outcome = await publish.RunAsync(context, ct);
        if (outcome is not ActionDone)
        {
            return outcome;
        }

        var spec = new JsonObject { ["description"] = context.Input.Text("description"), ["namespace"] = ns, ["actor"] = owner.Caller.Actor.Id };
        return await resources.EnsureAsync(owner, GitKinds.Repository, repository, spec, ct) is { } why
            ? new ActionRefused($"Action '{Name}': {why}.")
            : outcome;
    }
}
