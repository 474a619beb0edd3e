using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Revisions;
using Flagstone.Provisioning.Compositions.Tests;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Costs;

namespace Flagstone.Provisioning.Plans;

/// <summary>Shows what a roll-out of a composition would change: its tests, and the plan of each user that would follow. Nothing is stored.</summary>
internal sealed class CompositionPlanner(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, CompositionRevisions revisions, CompositionTests tests, ClaimPlanner claims, PriceList prices)
{
    /// <summary>So many users are planned at once; of more it is told how many.</summary>
    private const int MaxClaims = 200;

    public async Task<(CompositionPlan? Plan, Problem? Problem)> PlanAsync(Caller caller, JsonObject manifest, CancellationToken ct)
    {
        var kind = CompositionKinds.Composition;
        var existing = await store.FindAsync(kind.Key("", manifest.NameOf()), ct);
        var options = new WriteOptions { DryRun = true };
        var (prepared, problem) = existing is null
            ? await gateway.PrepareCreateAsync(caller, kind, "", manifest, options, ct)
            : await gateway.PrepareUpdateAsync(caller, kind, existing, (current, _) => new((CompositionManifests.Replace(current, manifest), null)), options, ct);
        if (problem is not null)
        {
            return (null, problem);
        }

        var composition = prepared!.Document;
        var all = await revisions.OfAsync(composition.NameOf(), ct);
        var hash = RevisionRules.HashOf(composition);
        var number = all is [var newest, ..] && newest.NameOf() == RevisionRules.NameOf(composition, hash) ? (long?)null : all.Select(RevisionRules.NumberOf).DefaultIfEmpty().Max() + 1;
        var revision = RevisionRules.Make(composition, hash, number ?? 0);
        var verdict = await tests.RunAsync(composition.NameOf(), revision, keeps: false, ct);
        return (await PlanAsync(caller, composition, revision, number, verdict, ct), null);
    }

    private async Task<CompositionPlan> PlanAsync(
        Caller caller, JsonObject composition, JsonObject revision, long? number, Platform.Reconciling.Condition verdict, CancellationToken ct)
    {
        var (changed, unchanged, staying, notPlanned) = (new List<ClaimPlan>(), 0, new List<string>(), 0);
        var (before, after) = (new List<CostEstimate>(), new List<CostEstimate>());
        foreach (var (kind, user) in await UsersAsync(composition, ct))
        {
            if (Stays(user))
            {
                staying.Add($"{kind.Kind} {kind.Key(user.NamespaceOf(), user.NameOf()).Display}");
                continue;
            }

            if (changed.Count + unchanged >= MaxClaims)
            {
                notPlanned++;
                continue;
            }

            if (await claims.PlanAsync(caller, user, new Rollout(composition.NameOf(), revision), ct) is not Planned { Plan: var plan })
            {
                notPlanned++;
                continue;
            }

            before.Add(plan.Cost.Before);
            after.Add(plan.Cost.After);
            if (plan.HasChanges || plan.Refusals.Count > 0)
            {
                changed.Add(plan);
            }
            else
            {
                unchanged++;
            }
        }

        return new CompositionPlan(
            composition.NameOf(), number, verdict.Status switch { "True" => "passed", "False" => "failed", _ => "none" }, verdict.Status == "False" ? verdict.Message : null,
            changed, unchanged, staying, notPlanned, new CostChange(CostRules.Sum(prices, before), CostRules.Sum(prices, after)));
    }

    /// <summary>The claims that a composition makes, and the composites that it makes of no claim: those of Crossplane 2, composed ones, and ones made by hand.</summary>
    private async Task<IReadOnlyList<(KindDefinition Kind, JsonObject Document)>> UsersAsync(JsonObject composition, CancellationToken ct)
    {
        var type = composition.At("spec", "compositeTypeRef");
        if (!kinds.TryFind(type.Text("apiVersion"), type.Text("kind"), out var composite))
        {
            return [];
        }

        var ownComposites = (await OfKindAsync(composite)).Where(c => c.Document.At("spec", "claimRef") is null);
        return kinds.Partner(composite) is { } claim ? [.. await OfKindAsync(claim), .. ownComposites] : [.. ownComposites];

        async Task<IEnumerable<(KindDefinition Kind, JsonObject Document)>> OfKindAsync(KindDefinition kind) =>
            (await store.ListAsync(new ListQuery(kind.Id), ct)).Items.Select(i => (kind, i.ToDocument()))
                .Where(u => CompositionUse.MachineryOf(u.Item2).At("compositionRef").Text("name") == composition.NameOf());
    }

    private static bool Stays(JsonObject user) => CompositionUse.MachineryOf(user) is var machinery
        && (machinery.Text("compositionUpdatePolicy") == "Manual" || machinery.At("compositionRevisionSelector") is not null);
}

/// <summary>A revision that is not stored, in the place of the one that a composition has.</summary>
internal sealed record Rollout(string Composition, JsonObject Revision);
