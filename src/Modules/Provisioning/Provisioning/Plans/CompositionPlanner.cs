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

/// <summary>Shows what a roll-out of a composition would change: its tests, and the plan of each claim that would follow. Nothing is stored.</summary>
internal sealed class CompositionPlanner(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, CompositionRevisions revisions, CompositionTests tests, ClaimPlanner claims, PriceList prices)
{
    /// <summary>So many claims are planned at once; of more it is told how many.</summary>
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
        foreach (var (claimKind, claim) in await UsersAsync(composition, ct))
        {
            if (Stays(claim))
            {
                staying.Add($"{claimKind.Kind} {claim.NamespaceOf()}/{claim.NameOf()}");
                continue;
            }

            if (changed.Count + unchanged >= MaxClaims)
            {
                notPlanned++;
                continue;
            }

            if (await claims.PlanAsync(caller, claim, new Rollout(composition.NameOf(), revision), ct) is not Planned { Plan: var plan })
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

    private async Task<IReadOnlyList<(KindDefinition Kind, JsonObject Claim)>> UsersAsync(JsonObject composition, CancellationToken ct)
    {
        var type = composition.At("spec", "compositeTypeRef");
        return kinds.TryFind(type.Text("apiVersion"), type.Text("kind"), out var composite) && kinds.Partner(composite) is { } claim
            ? [.. (await store.ListAsync(new ListQuery(claim.Id), ct)).Items.Select(i => (claim, i.ToDocument())).Where(c => c.Item2["spec"].At("compositionRef").Text("name") == composition.NameOf())]
            : [];
    }

    private static bool Stays(JsonObject claim) =>
        claim["spec"].Text("compositionUpdatePolicy") == "Manual" || claim["spec"].At("compositionRevisionSelector") is not null;
}

/// <summary>A revision that is not stored, in the place of the one that a composition has.</summary>
internal sealed record Rollout(string Composition, JsonObject Revision);
