using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Revisions;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Costs;

namespace Flagstone.Provisioning.Plans;

/// <summary>
/// Goes the way of the reconcile up to each write, and shows what it would have stored: the same composing, the same gateway with its defaults,
/// schemas and rules. Nothing is stored.
/// </summary>
internal sealed class ClaimPlanner(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ComposedResources composed, CompositionChoice choice,
    CompositionRevisions revisions, CompositionPipeline pipeline, Attribution attribution, PriceList prices, ICatalog catalog,
    TimeProvider clock)
{
    /// <summary>A composite may compose composites; deeper than this is a loop.</summary>
    private const int MaxDepth = 5;

    public Task<PlanOutcome> PlanAsync(Caller caller, JsonObject claim, CancellationToken ct) => PlanAsync(caller, claim, rollout: null, ct);

    /// <param name="claim">A claim, or a composite: one that has no claim, as all of Crossplane 2, or whatever its claim says.</param>
    /// <param name="rollout">A revision that is not stored yet, in the place of its composition's; null to plan with what is stored.</param>
    public async Task<PlanOutcome> PlanAsync(Caller caller, JsonObject claim, Rollout? rollout, CancellationToken ct)
    {
        if (!kinds.TryFind(claim.Text("apiVersion"), claim.Text("kind"), out var kind) || !(kind.IsClaim() || kind.IsComposite()))
        {
            return new PlanRefused(ClaimProblems.NoSuchKind(kinds, $"{claim.Text("apiVersion")} {claim.Text("kind")}"));
        }

        var key = kind.Key(claim.NamespaceOf(), claim.NameOf());
        var existing = key.Name.Length > 0 ? await store.FindAsync(key, ct) : null;
        var options = new WriteOptions { DryRun = true };
        var (prepared, problem) = existing is null
            ? await gateway.PrepareCreateAsync(caller, kind, key.Namespace, claim, options, ct)
            : await gateway.PrepareUpdateAsync(caller, kind, existing, (current, _) => new((ClaimManifests.Replace(current, claim), null)), options, ct);
        var plan = new Draft(rollout);
        if (problem is { Denials.Count: 0 })
        {
            return new PlanRefused(problem);
        }

        if (problem is not null)
        {
            plan.Refusals.AddRange(PlanRules.Refusals(kind, key.Name, problem));
            return new Planned(plan.Finish(kind, key, prices));
        }

        plan.Warnings.AddRange(prepared!.Warnings);
        if (existing is not null && await catalog.FindSourceAsync(existing.ToDocument(), ct) is { } source)
        {
            plan.Warnings.Add($"GitOps source '{source}' declares it, and puts back what is changed here: commit the change to the source's repository.");
        }

        var document = prepared.Document;
        var definition = (await store.FindAsync(kind.DefinedBy!.Value, ct))?.ToDocument();
        if (kind.IsComposite() && definition is not null)
        {
            await PlanCompositeAsync(plan, kind, definition, existing?.ToDocument(), document, key.Name.Length > 0, null, 0, ct);
            return new Planned(plan.Finish(kind, key, prices));
        }

        plan.Resources.Add(PlanRules.Apply(kind, existing?.ToDocument(), document, key.Name.Length > 0, null));
        if (!document.IsPaused() && !document.IsDeleting() && definition is not null && kinds.Partner(kind) is { } compositeKind)
        {
            await PlanBindingAsync(plan, new Bound(kind, kind.Key(key.Namespace, document.NameOf()), document, compositeKind, definition), ct);
        }

        return new Planned(plan.Finish(kind, key, prices));
    }

    private async Task PlanBindingAsync(Draft plan, Bound claim, CancellationToken ct)
    {
        var wanted = Binding.Wanted(claim.Kind, claim.Key, claim.Document);
        Attribution.Put(wanted, await attribution.OfAsync(claim.Key.Namespace, ct));
        var options = Binding.Options with { DryRun = true };
        var name = claim.Document.At("spec", "resourceRef").Text("name");
        var existing = name.Length > 0 ? await store.FindAsync(claim.CompositeKind.Key("", name), ct) : null;
        var shown = name.Length > 0 ? name : $"{claim.Key.Name}-{PlanRules.Unchosen}";
        var isForeign = false;
        wanted.Metadata()["name"] = shown;
        var (prepared, problem) = existing is null
            ? await gateway.PrepareCreateAsync(Caller.System(ClaimGrain.Controller), claim.CompositeKind, "", wanted, options, ct)
            : await gateway.PrepareUpdateAsync(Caller.System(ClaimGrain.Controller), claim.CompositeKind, existing, (current, _) =>
            {
                isForeign = !Binding.Merge(current, wanted);
                return new((current, null));
            }, options, ct);
        if (isForeign)
        {
            plan.Refusals.Add(new PlanRefusal(claim.CompositeKind.Kind, name, PlanRules.CompositionRule, Binding.Foreign(claim.CompositeKind, name)));
            return;
        }

        if (problem is not null)
        {
            plan.Refusals.AddRange(PlanRules.Refusals(claim.CompositeKind, shown, problem));
            return;
        }

        plan.Warnings.AddRange(prepared!.Warnings);
        await PlanCompositeAsync(plan, claim.CompositeKind, claim.Definition, existing?.ToDocument(), prepared.Document, name.Length > 0, null, 0, ct);
    }

    private async Task PlanCompositeAsync(
        Draft plan, KindDefinition kind, JsonObject definition, JsonObject? before, JsonObject composite, bool named, string? template, int depth,
        CancellationToken ct)
    {
        if (before is null)
        {
            composite.Metadata()["uid"] = PlanRules.NoUid;
        }

        var shape = CompositeShape.Of(definition);
        var (composition, problem) = await choice.ChooseAsync(definition, kind, shape.Machinery(composite), ct);
        var (revision, missing) = composition is null ? (null, problem)
            : plan.Rollout is { } rollout && rollout.Composition == composition.NameOf() ? (rollout.Revision, null)
            : await revisions.PeekAsync(composition, shape.Machinery(composite), ct);
        if (composition is null || revision is null)
        {
            plan.Resources.Add(PlanRules.Apply(kind, before, composite, named, template));
            plan.Refusals.Add(new PlanRefusal(kind.Kind, composite.NameOf(), PlanRules.CompositionRule, missing!));
            return;
        }

        plan.Composition ??= composition.NameOf();
        Composing.Prepare(composite, shape, composition.NameOf(), revision);
        plan.Resources.Add(PlanRules.Apply(kind, before, composite, named, template));
        if (composite.IsPaused() || composite.IsDeleting())
        {
            return;
        }

        Composition next;
        try
        {
            var observed = before is null ? [] : await composed.ObserveAsync(composite, ct);
            next = await Composing.ComposeAsync(pipeline, revision, composite, kind, observed, kinds, ct);
        }
        catch (FatalResultException failure)
        {
            plan.Refusals.Add(new PlanRefusal(kind.Kind, composite.NameOf(), PlanRules.CompositionRule, $"cannot compose resources: {failure.Message}"));
            return;
        }

        plan.Warnings.AddRange(next.Rendering.Results.Where(r => r is { Severity: Severity.Warning, IsDelay: false }).Select(r => r.Message));
        plan.Later.AddRange(await Foresight.OfAsync(pipeline, revision, composite, next.Rendering, ct));
        foreach (var resource in next.Work)
        {
            await PlanComposedAsync(plan, resource, before is not null, depth, ct);
        }

        plan.Warnings.AddRange(next.Unwanted.Select(u => PlanRules.Loss(kinds.Find(u.Key.Kind)!, u.Document)).OfType<string>());
        plan.Before.AddRange(next.Unwanted.Select(u => (u.Document.Annotation(Names.ResourceNameAnnotation), u.Document)));
        plan.Removals.AddRange(next.Unwanted.Select(u =>
            PlanRules.Remove(kinds.Find(u.Key.Kind)!, u.Document, u.Document.Annotation(Names.ResourceNameAnnotation))));
    }

    /// <param name="bound">True when the composite is there, so that the names made of its uid are known.</param>
    private async Task PlanComposedAsync(Draft plan, Composed resource, bool bound, int depth, CancellationToken ct)
    {
        var (kind, key) = (resource.Kind, resource.Key);
        var named = resource.IsNamed || bound;
        var options = resource.Options with { DryRun = true };
        var existing = resource.Observed is not null || named ? await store.FindAsync(key, ct) : null;
        var (prepared, problem) = await PrepareAsync(resource, existing, options, ct);
        if (problem?.Slug == Composing.Foreign)
        {
            plan.Refusals.Add(new PlanRefusal(kind.Kind, key.Name, PlanRules.CompositionRule, problem.Detail));
            return;
        }

        if (problem is not null)
        {
            plan.Refusals.AddRange(PlanRules.Refusals(kind, named ? key.Name : resource.Name, problem));
            return;
        }

        plan.Warnings.AddRange(prepared!.Warnings);
        if (kind.IsComposite() && depth < MaxDepth && await store.FindAsync(kind.DefinedBy!.Value, ct) is { } definition)
        {
            await PlanCompositeAsync(plan, kind, definition.ToDocument(), existing?.ToDocument(), prepared.Document, named, resource.Name, depth + 1, ct);
            return;
        }

        plan.Resources.Add(PlanRules.Apply(kind, existing?.ToDocument(), prepared.Document, named, resource.Name));
        plan.After.Add((resource.Name, prepared.Document));
        if (existing is not null)
        {
            plan.Before.Add((resource.Name, existing.ToDocument()));
            plan.Warnings.AddRange(PlanRules.Renaming(kind, existing.ToDocument(), prepared.Document) is { } renaming ? [renaming] : []);
        }
    }

    private async Task<(Prepared? Prepared, Problem? Problem)> PrepareAsync(
        Composed resource, StoredResource? existing, WriteOptions options, CancellationToken ct)
    {
        var caller = Caller.System(CompositeGrain.Controller);
        if (existing is not null)
        {
            return await gateway.PrepareUpdateAsync(
                caller, resource.Kind, existing, (current, _) => new(Composing.Apply(current, resource, clock.GetUtcNow())), options, ct);
        }

        var (created, problem) = Composing.Apply(null, resource, clock.GetUtcNow());
        return problem is not null
            ? (null, problem)
            : await gateway.PrepareCreateAsync(caller, resource.Kind, resource.Key.Namespace, created!, options, ct);
    }

    private sealed record Bound(KindDefinition Kind, ResourceKey Key, JsonObject Document, KindDefinition CompositeKind, JsonObject Definition);

    private sealed class Draft(Rollout? rollout)
    {
        public Rollout? Rollout { get; } = rollout;

        public string? Composition { get; set; }

        public List<PlannedResource> Resources { get; } = [];

        public List<PlannedResource> Removals { get; } = [];

        /// <summary>What there is of managed resources now, and would be: it is priced.</summary>
        public List<(string Name, JsonObject Document)> Before { get; } = [];

        public List<(string Name, JsonObject Document)> After { get; } = [];

        public List<DelayedResource> Later { get; } = [];

        public List<PlanRefusal> Refusals { get; } = [];

        public List<string> Warnings { get; } = [];

        public ClaimPlan Finish(KindDefinition kind, ResourceKey key, PriceList prices) => new(
            kind.ApiVersion, kind.Kind, key.Namespace, key.Name, Composition, [.. Resources, .. Removals], Refusals, [.. Warnings.Distinct()])
        {
            MadeLater = [.. Later.Select(Foresight.Shown)],
            Cost = new CostChange(CostRules.Estimate(prices, Before), CostRules.Later(CostRules.Estimate(prices, After), Later.Select(l => (l.Name, l.Document)))),
        };
    }
}
