using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Runs;

[GrainInterfaceType("flagstone.template-run")]
internal interface ITemplateRunGrain : IReconcileGrain;

/// <summary>
/// Executes a run of a golden path. Each step's progress is stored as it happens, for those who watch; after a stop the run is executed
/// again from its first step, and each action finds what it has done.
/// </summary>
[GrainType("flagstone.template-run")]
internal sealed class TemplateRunGrain(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, TokenStore tokens, RunActions actions, TemplateSkeletons skeletons, TimeProvider clock)
    : Grain, ITemplateRunGrain
{
    public const string Controller = "template-run";

    // Where the golden paths are that everybody may run.
    private const string SharedNamespace = "default";

    /// <summary>New runs alone: what follows is the run's own writing, and a run that a stop cut off is still due.</summary>
    public static IEnumerable<string> Route(CommittedRow row) =>
        row.Key.Kind == TemplateKinds.Run && row.Change == ChangeType.Added ? [row.Key.ToString()] : [];

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key) || await store.FindAsync(key, CancellationToken.None) is not { } found)
        {
            return ReconcileResult.Done;
        }

        var run = found.ToDocument();
        if (RunStatus.IsOver(run) || run.IsDeleting())
        {
            return ReconcileResult.Done;
        }

        var (plan, refusal) = await PlanAsync(key, run);
        if (plan is null)
        {
            await SetAsync(key, (document, now) => RunStatus.Fail(document, refusal!, now));
            return ReconcileResult.Done;
        }

        await SetAsync(key, (document, now) => RunStatus.Start(document, plan.Template, now));
        var executor = new RunExecutor(actions.For(plan.Owner));
        var outcome = await executor.ExecuteAsync(
            plan.Template, plan.Skeletons, plan.State,
            progress => new ValueTask(SetAsync(key, (document, now) => RunStatus.Report(document, progress, now))), CancellationToken.None);
        await SetAsync(key, (document, now) => RunStatus.Finish(document, outcome, now));
        return ReconcileResult.Done;
    }

    private async Task<(RunPlan? Plan, string? Refusal)> PlanAsync(ResourceKey key, JsonObject run)
    {
        var name = run["spec"].Text("template");
        var stored = await store.FindAsync(new ResourceKey(TemplateKinds.Template, key.Namespace, name), CancellationToken.None)
            ?? await store.FindAsync(new ResourceKey(TemplateKinds.Template, SharedNamespace, name), CancellationToken.None);
        if (stored is null)
        {
            return (null, $"There is no template '{name}' in namespace '{key.Namespace}' or '{SharedNamespace}'.");
        }

        var document = stored.ToDocument();
        if (TemplateDefinitionReader.Read(document) is not TemplateAccepted { Definition: var template })
        {
            return (null, $"Template '{name}' cannot be read.");
        }

        var values = ParameterRules.WithDefaults(template.Parameters, run.At("spec", "values") as JsonObject ?? []);
        if (ParameterRules.Validate(template.Parameters, values) is { Count: > 0 } errors)
        {
            return (null, string.Join(" ", errors.Select(e => $"{e.Field}: {e.Message}")));
        }

        if (await tokens.PrincipalAsync(run["spec"].Text("actor"), CancellationToken.None) is not { } caller)
        {
            return (null, "The one who started the run is not known here, or may act no more.");
        }

        var source = skeletons.Of(document);
        if (source is null)
        {
            return (null, $"Template '{name}' does not say where its skeletons are. Set its annotation {TemplateSkeletons.Annotation}.");
        }

        var created = DateTimeOffset.Parse(run.Metadata().Text("creationTimestamp"), CultureInfo.InvariantCulture);
        var identity = new RunIdentity(Guid.Parse(run.UidOf()), created, caller.Name);
        var user = new JsonObject
        {
            ["ref"] = $"user:default/{caller.Name.ToLowerInvariant()}",
            ["entity"] = new JsonObject { ["kind"] = "User", ["metadata"] = new JsonObject { ["name"] = caller.Name } },
        };
        return (new RunPlan(template, source, new RunState(identity, values, user), new RunOwner(caller, key, identity.Id)), null);
    }

    private Task SetAsync(ResourceKey key, Action<JsonObject, DateTimeOffset> change) =>
        gateway.SetStatusAsync(Controller, kinds.Find(TemplateKinds.Run)!, key, document => change(document, clock.GetUtcNow()), CancellationToken.None);

    private sealed record RunPlan(TemplateDefinition Template, Scaffolder.Skeletons.ISkeletonSource Skeletons, RunState State, RunOwner Owner);
}
