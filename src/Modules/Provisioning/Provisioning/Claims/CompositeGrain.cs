using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Kubernetes;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Revisions;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Protection;

namespace Flagstone.Provisioning.Claims;

[GrainInterfaceType("flagstone.composite")]
internal interface ICompositeGrain : IReconcileGrain;

/// <summary>Makes of a composite what its composition says, and says how far that is. The key is the composite's.</summary>
[GrainType("flagstone.composite")]
internal sealed class CompositeGrain(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ConnectionSecrets secrets, ComposedResources composed, CompositionChoice choice,
    CompositionRevisions revisions, CompositionPipeline pipeline, Usages usages, ImpliedKinds implied,
    EventRecorder events, TimeProvider clock) : Grain, ICompositeGrain
{
    public const string Controller = "composite";

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(30);

    private int newsInARow;

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key)
            || kinds.Find(key.Kind) is not { } kind || !kind.IsComposite()
            || await store.FindAsync(key, CancellationToken.None) is not { } found
            || await store.FindAsync(kind.DefinedBy!.Value, CancellationToken.None) is not { } definition)
        {
            return ReconcileResult.Done;
        }

        var run = new Run(kind, key, found.ToDocument(), definition.ToDocument());
        if (run.Composite.IsPaused())
        {
            await SetAsync(run, Condition.False("Synced", "ReconcilePaused", "Reconciling is paused by the annotation crossplane.io/paused"));
            return ReconcileResult.Done;
        }

        return run.Composite.IsDeleting() ? await DeleteAsync(run, found.Uid) : await ComposeAsync(run);
    }

    private async Task<ReconcileResult> ComposeAsync(Run run)
    {
        var (kind, key, composite) = (run.Kind, run.Key, run.Composite);
        var machinery = run.Shape.Machinery(composite);
        var (composition, problem) = await choice.ChooseAsync(run.Definition, kind, machinery, CancellationToken.None);
        if (composition is null)
        {
            return await FailAsync(run, "SelectComposition", problem!, ReconcileResult.Done);
        }

        var (revision, missing) = await revisions.SelectAsync(composition, machinery, CancellationToken.None);
        if (revision is null)
        {
            return await FailAsync(run, "SelectComposition", missing!, ReconcileResult.After(Retry));
        }

        Composing.Prepare(composite, run.Shape, composition.NameOf(), revision);
        Composition next;
        try
        {
            next = await Composing.ComposeAsync(
                pipeline, revision, composite, kind, await composed.ObserveAsync(composite, CancellationToken.None), kinds, CancellationToken.None);
        }
        catch (FatalResultException failure)
        {
            // A composition of templates tells its kinds only when it renders.
            if (failure is UnknownKindException { Document: var unknown } && ImpliedKinds.IsManaged(unknown)
                && await implied.DefineAsync(unknown.Text("apiVersion"), unknown.Text("kind"), CancellationToken.None))
            {
                return ReconcileResult.After(Soon);
            }

            await gateway.MutateAsync(
                Controller, kind, key, d => Composing.Prepare(d, run.Shape, composition.NameOf(), revision), new WriteOptions(), CancellationToken.None);
            return await FailAsync(run, "ComposeResources", $"cannot compose resources: {failure.Message}", ReconcileResult.After(Retry));
        }

        // The finalizer and the references are written before the resources are: what is made can always be found from the composite.
        if (await gateway.MutateAsync(
            Controller, kind, key, d => Refer(d, run.Shape, composition.NameOf(), revision, next.Work), new WriteOptions(), CancellationToken.None) is null)
        {
            return ReconcileResult.Done;
        }

        var unsynced = await RemoveAsync(next.Unwanted);
        // All at once: what is written together is committed together.
        var refusals = await Task.WhenAll(next.Work.Select(ApplyAsync));
        unsynced.AddRange(next.Work.Zip(refusals).Where(r => r.Second is not null).Select(r => new Unsynced(r.First.Name, r.Second!)));

        if (await PublishAsync(run, next.Rendering) is { } secretProblem)
        {
            unsynced.Add(new Unsynced("connection secret", secretProblem));
        }

        await TellAsync(composite, next.Rendering, unsynced);
        var now = clock.GetUtcNow();
        await gateway.SetStatusAsync(Controller, kind, key, d => CompositeStatus.Report(d, next.Rendering, unsynced, now), CancellationToken.None);
        newsInARow = CompositeStatus.TellsNews(composite, next.Rendering) ? newsInARow + 1 : 0;
        return CompositeStatus.AfterNews(newsInARow) is { } again ? ReconcileResult.After(again)
            : unsynced.Count > 0 ? ReconcileResult.After(Retry)
            : CompositeStatus.AfterDelay(next.Rendering, composite, now) is { } told ? ReconcileResult.After(told)
            : CompositeStatus.Poll(composite, revision) is { } poll ? ReconcileResult.After(poll) : ReconcileResult.Done;
    }

    private static void Refer(JsonObject composite, CompositeShape shape, string composition, JsonObject revision, IReadOnlyList<Composed> work)
    {
        Composing.Prepare(composite, shape, composition, revision);
        var machinery = shape.OwnMachinery(composite);
        var references = Composing.References(work.Select(w => Documents.Reference(w.Kind, w.Document, withNamespace: !shape.IsNamespaced)));
        if (!JsonNode.DeepEquals(machinery["resourceRefs"], references))
        {
            machinery["resourceRefs"] = references;
        }
    }

    /// <summary>Takes away what is no longer composed; what something still uses stays, and is told.</summary>
    private async Task<List<Unsynced>> RemoveAsync(IReadOnlyList<(ResourceKey Key, JsonObject Document)> unwanted)
    {
        var kept = new List<Unsynced>();
        foreach (var (gone, document) in unwanted)
        {
            if (await usages.AskAsync(gone, CancellationToken.None) is { } used)
            {
                kept.Add(new Unsynced(document.Annotation(Names.ResourceNameAnnotation), used));
                continue;
            }

            await gateway.RemoveAsync(Controller, kinds.Find(gone.Kind)!, gone, new DeleteOptions(Uid: document.UidOf()), CancellationToken.None);
        }

        return kept;
    }

    private async Task TellAsync(JsonObject composite, Rendering rendering, IReadOnlyList<Unsynced> unsynced)
    {
        foreach (var result in rendering.Results)
        {
            await events.RecordAsync(
                Controller, composite, CompositeStatus.EventTypeOf(result, composite, clock.GetUtcNow()), result.Reason ?? "ComposeResources", result.Message, CancellationToken.None);
        }

        foreach (var problem in unsynced)
        {
            await events.RecordAsync(Controller, composite, "Warning", "ComposeResources", $"cannot apply composed resource \"{problem.Name}\": {problem.Why}", CancellationToken.None);
        }
    }

    private async Task<string?> ApplyAsync(Composed resource)
    {
        if (resource.Observed is not null && await UpdateAsync(resource) is not { Problem.Status: 404 } and var updated)
        {
            return updated?.Problem.Detail;
        }

        var (created, problem) = Composing.Apply(null, resource, clock.GetUtcNow());
        if (problem is not null)
        {
            return problem.Detail;
        }

        var refused = await gateway.CreateAsync(
            Caller.System(Controller), resource.Kind, resource.Key.Namespace, created!, resource.Options, CancellationToken.None) as Refused;
        // Something of that name is there: nobody's is taken over, another's is left alone.
        return refused is { Problem.Reason: "AlreadyExists" } ? (await UpdateAsync(resource))?.Problem.Detail : refused?.Problem.Detail;
    }

    private async Task<Refused?> UpdateAsync(Composed resource) => await gateway.UpdateAsync(
        Caller.System(Controller), resource.Kind, resource.Key, (current, _) => new(Composing.Apply(current, resource, clock.GetUtcNow())), resource.Options,
        CancellationToken.None) as Refused;

    private async Task<string?> PublishAsync(Run run, Rendering rendering)
    {
        // Composites of Crossplane 2 have no secret of their own: they compose one.
        if (!run.Shape.IsLegacy)
        {
            return null;
        }

        var keys = (run.Definition.At("spec", "connectionSecretKeys") as JsonArray)?.Select(k => k?.ToString() ?? "").ToHashSet(StringComparer.Ordinal);
        var values = rendering.Connection.Where(c => keys is null or { Count: 0 } || keys.Contains(c.Key)).ToDictionary(StringComparer.Ordinal);
        var target = run.Composite.At("spec", "writeConnectionSecretToRef");
        return values.Count == 0 ? null : await secrets.PublishAsync(
            Controller, new ResourceKey(ConnectionSecrets.Kind, target.Text("namespace"), target.Text("name")),
            Documents.OwnerReference(run.Kind, run.Composite.NameOf(), run.Composite.UidOf()), values, exactly: true, ClaimOf(run.Kind, run.Composite), CancellationToken.None);
    }

    private DueChange? ClaimOf(KindDefinition kind, JsonObject composite) =>
        composite.Label(Names.ClaimNameLabel) is { Length: > 0 } name && kinds.Partner(kind) is { } claim
            ? new DueChange(ClaimGrain.Controller, claim.Key(composite.Label(Names.ClaimNamespaceLabel), name).ToString(), clock.GetUtcNow())
            : null;

    private async Task<ReconcileResult> DeleteAsync(Run run, string uid)
    {
        // What was composed goes first: a composite that is gone tells that nothing of it is left.
        var left = (await store.OwnedByAsync(uid, CancellationToken.None)).Where(o => o.Key.Kind != ConnectionSecrets.Kind).ToList();
        var kept = await RemoveAsync([.. left.Select(o => (o.Key, Document: o.ToDocument())).Where(o => !o.Document.IsDeleting() && kinds.Find(o.Key.Kind) is not null)]);
        if (left.Count > 0 && (await store.OwnedByAsync(uid, CancellationToken.None)).Any(o => o.Key.Kind != ConnectionSecrets.Kind))
        {
            await SetAsync(run, Condition.False("Ready", "Deleting", string.Join("; ", kept.Select(k => $"{k.Name}: {k.Why}"))));
            return ReconcileResult.After(Soon * 25);
        }

        await gateway.MutateAsync(Controller, run.Kind, run.Key, d => d.RemoveFinalizer(Names.CompositeFinalizer), new WriteOptions(), CancellationToken.None);
        return ReconcileResult.Done;
    }

    private async Task<ReconcileResult> FailAsync(Run run, string reason, string problem, ReconcileResult next)
    {
        await events.RecordAsync(Controller, run.Composite, "Warning", reason, problem, CancellationToken.None);
        await SetAsync(run, Condition.False("Synced", "ReconcileError", problem));
        return next;
    }

    private Task SetAsync(Run run, Condition condition) =>
        gateway.SetStatusAsync(Controller, run.Kind, run.Key, d => d.SetCondition(condition, clock.GetUtcNow()), CancellationToken.None);

    private sealed record Run(KindDefinition Kind, ResourceKey Key, JsonObject Composite, JsonObject Definition)
    {
        public CompositeShape Shape { get; } = CompositeShape.Of(Definition);
    }
}
