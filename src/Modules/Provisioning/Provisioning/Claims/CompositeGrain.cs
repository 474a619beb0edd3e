using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

[GrainInterfaceType("flagstone.composite")]
internal interface ICompositeGrain : IReconcileGrain;

/// <summary>Makes of a composite what its composition says, and says how far that is. The key is the composite's.</summary>
[GrainType("flagstone.composite")]
internal sealed class CompositeGrain(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ConnectionSecrets secrets, ComposedResources composed, CompositionChoice choice,
    CompositionPipeline pipeline,     TimeProvider clock) : Grain, ICompositeGrain
{
    public const string Controller = "composite";

    /// <summary>The reason for which a composite is not ready when what it composed cannot be made: its message says why.</summary>
    public const string ComposedFailing = "ComposedFailing";

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(30);

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key)
            || kinds.Find(key.Kind) is not { } kind || !kind.IsComposite()
            || await store.FindAsync(key, CancellationToken.None) is not { } found
            || await store.FindAsync(kind.DefinedBy!.Value, CancellationToken.None) is not { } definition)
        {
            return ReconcileResult.Done;
        }

        var composite = found.ToDocument();
        if (composite.IsPaused())
        {
            await SetAsync(kind, key, Condition.False("Synced", "ReconcilePaused", "Reconciling is paused by the annotation crossplane.io/paused"));
            return ReconcileResult.Done;
        }

        return composite.IsDeleting()
            ? await DeleteAsync(kind, key, found.Uid)
            : await ComposeAsync(kind, key, composite, definition.ToDocument());
    }

    private async Task<ReconcileResult> ComposeAsync(KindDefinition kind, ResourceKey key, JsonObject composite, JsonObject definition)
    {
        var (composition, problem) = await choice.ChooseAsync(definition, kind, composite["spec"], CancellationToken.None);
        if (composition is null)
        {
            await SetAsync(kind, key, Condition.False("Synced", "ReconcileError", problem!));
            return ReconcileResult.Done;
        }

        Composing.Prepare(composite, composition);
        Composition next;
        try
        {
            next = await Composing.ComposeAsync(
                pipeline, composition, composite, kind, await composed.ObserveAsync(composite, CancellationToken.None), kinds, CancellationToken.None);
        }
        catch (FatalResultException failure)
        {
            await gateway.MutateAsync(Controller, kind, key, d => Composing.Prepare(d, composition), new WriteOptions(), CancellationToken.None);
            await SetAsync(kind, key, Condition.False("Synced", "ReconcileError", $"cannot compose resources: {failure.Message}"));
            return ReconcileResult.After(Retry);
        }

        foreach (var (gone, document) in next.Unwanted)
        {
            await gateway.RemoveAsync(Controller, kinds.Find(gone.Kind)!, gone, new DeleteOptions(Uid: document.UidOf()), CancellationToken.None);
        }

        // The finalizer and the references are written before the resources are: what is made can always be found from the composite.
        if (await gateway.MutateAsync(Controller, kind, key, d => Refer(d, composition, next.Work), new WriteOptions(), CancellationToken.None) is null)
        {
            return ReconcileResult.Done;
        }

        var unsynced = new List<string>();
        foreach (var resource in next.Work)
        {
            if (await ApplyAsync(resource) is { } refusal)
            {
                unsynced.Add($"{resource.Name}: {refusal}");
            }
        }

        if (await PublishAsync(kind, composite, definition, next.Rendering) is { } secretProblem)
        {
            unsynced.Add(secretProblem);
        }

        await gateway.SetStatusAsync(Controller, kind, key, d => Report(d, next.Rendering, unsynced), CancellationToken.None);
        return unsynced.Count > 0 ? ReconcileResult.After(Retry) : ReconcileResult.Done;
    }

    private static void Refer(JsonObject composite, JsonObject composition, IReadOnlyList<Composed> work)
    {
        Composing.Prepare(composite, composition);
        var references = new JsonArray([.. work
            .Select(w => new JsonObject { ["apiVersion"] = w.Kind.ApiVersion, ["kind"] = w.Kind.Kind, ["name"] = w.Document.NameOf() })
            .OrderBy(r => $"{r.Text("apiVersion")}/{r.Text("kind")}/{r.Text("name")}", StringComparer.Ordinal)]);
        if (!JsonNode.DeepEquals(composite.At("spec", "resourceRefs"), references))
        {
            composite.Member("spec")["resourceRefs"] = references;
        }
    }

    private async Task<string?> ApplyAsync(Composed resource)
    {
        var kind = resource.Kind;
        if (resource.Observed is not null)
        {
            var outcome = await gateway.UpdateAsync(
                Caller.System(Controller), kind, resource.Key, (current, _) => new(Composing.Apply(current, resource, clock.GetUtcNow())), resource.Options,
                CancellationToken.None);
            if (outcome is not Refused { Problem.Status: 404 })
            {
                return (outcome as Refused)?.Problem.Detail;
            }
        }

        var (created, problem) = Composing.Apply(null, resource, clock.GetUtcNow());
        return problem?.Detail ?? (await gateway.CreateAsync(
            Caller.System(Controller), kind, resource.Key.Namespace, created!, resource.Options, CancellationToken.None) as Refused)?.Problem.Detail;
    }

    private async Task<string?> PublishAsync(KindDefinition kind, JsonObject composite, JsonObject definition, Rendering rendering)
    {
        var keys = (definition.At("spec", "connectionSecretKeys") as JsonArray)?.Select(k => k?.ToString() ?? "").ToHashSet(StringComparer.Ordinal);
        var values = rendering.Connection.Where(c => keys is null or { Count: 0 } || keys.Contains(c.Key)).ToDictionary(StringComparer.Ordinal);
        var target = composite.At("spec", "writeConnectionSecretToRef");
        return values.Count == 0 ? null : await secrets.PublishAsync(
            Controller, new ResourceKey(ConnectionSecrets.Kind, target.Text("namespace"), target.Text("name")),
            Documents.OwnerReference(kind, composite.NameOf(), composite.UidOf()), values, exactly: true, ClaimOf(kind, composite), CancellationToken.None);
    }

    private DueChange? ClaimOf(KindDefinition kind, JsonObject composite) =>
        composite.Label(Names.ClaimNameLabel) is { Length: > 0 } name && kinds.Partner(kind) is { } claim
            ? new DueChange(ClaimGrain.Controller, claim.Key(composite.Label(Names.ClaimNamespaceLabel), name).ToString(), clock.GetUtcNow())
            : null;

    private void Report(JsonObject document, Rendering rendering, List<string> unsynced)
    {
        if (rendering.DesiredComposite["status"] is JsonObject status)
        {
            Documents.Overlay(document.Member("status"), status);
        }

        var now = clock.GetUtcNow();
        var problems = unsynced.Concat(rendering.Results.Where(r => r.Severity == Severity.Warning).Select(r => r.Message)).ToList();
        document.SetCondition(
            problems.Count == 0 ? Condition.True("Synced", "ReconcileSuccess")
                : Condition.False("Synced", "ReconcileError", string.Join("; ", problems)), now);
        var failures = rendering.Desired.Where(d => d.Value.Ready != true)
            .Select(d => (d.Key, Problem: rendering.Observed.GetValueOrDefault(d.Key)?.Document.FindCondition("Synced")))
            .Where(d => d.Problem is { Status: "False", Reason: "ReconcileError" })
            .GroupBy(d => d.Problem!.Message, d => d.Key)
            .Select(g => $"{string.Join(", ", g)}: {g.Key}").ToList();
        var unready = rendering.Desired.Where(d => d.Value.Ready != true).Select(d => d.Key).ToList();
        var ready = unready.Count == 0 && unsynced.Count == 0 && rendering.CompositeReady != false;
        document.SetCondition(
            ready ? Condition.True("Ready", "Available")
                : failures.Count > 0 ? Condition.False("Ready", ComposedFailing, string.Join("; ", failures))
                : Condition.False("Ready", "Creating", unready.Count > 0 ? $"Unready resources: {string.Join(", ", unready)}" : "Composite resource is not ready"), now);
    }

    private async Task<ReconcileResult> DeleteAsync(KindDefinition kind, ResourceKey key, string uid)
    {
        // What was composed goes first: a composite that is gone tells that nothing of it is left.
        var left = (await store.OwnedByAsync(uid, CancellationToken.None)).Where(o => o.Key.Kind != ConnectionSecrets.Kind).ToList();
        foreach (var resource in left)
        {
            if (!resource.ToDocument().IsDeleting() && kinds.Find(resource.Key.Kind) is { } composedKind)
            {
                await gateway.RemoveAsync(Controller, composedKind, resource.Key, new DeleteOptions(Uid: resource.Uid), CancellationToken.None);
            }
        }

        if (left.Count > 0 && (await store.OwnedByAsync(uid, CancellationToken.None)).Any(o => o.Key.Kind != ConnectionSecrets.Kind))
        {
            await SetAsync(kind, key, Condition.False("Ready", "Deleting"));
            return ReconcileResult.After(Soon * 25);
        }

        await gateway.MutateAsync(Controller, kind, key, d => d.RemoveFinalizer(Names.CompositeFinalizer), new WriteOptions(), CancellationToken.None);
        return ReconcileResult.Done;
    }

    private Task SetAsync(KindDefinition kind, ResourceKey key, Condition condition) =>
        gateway.SetStatusAsync(Controller, kind, key, d => d.SetCondition(condition, clock.GetUtcNow()), CancellationToken.None);
}
