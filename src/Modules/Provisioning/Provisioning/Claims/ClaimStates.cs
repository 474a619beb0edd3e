using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Plans;

namespace Flagstone.Provisioning.Claims;

/// <summary>Answers other modules from the store; no grain is asked.</summary>
internal sealed class ClaimStates(ResourceStore store, KindRegistry kinds, ClaimPlanner planner) : IProvisioning
{
    private const int MaxClaims = 500;

    public async Task<IReadOnlyList<ClaimState>> ClaimsAsync(string ns, CancellationToken ct)
    {
        var states = new List<ClaimState>();
        foreach (var kind in kinds.All.Where(k => k.IsClaim()).OrderBy(k => k.Kind, StringComparer.Ordinal))
        {
            foreach (var item in (await store.ListAsync(new ListQuery(kind.Id, ns, Limit: MaxClaims), ct)).Items)
            {
                states.Add(Read(kind, item.ToDocument()) with { Simulated = await IsSimulatedAsync(kind, item.ToDocument(), ct) });
            }
        }

        return states;
    }

    public Task<PlanOutcome> PlanAsync(Caller caller, JsonObject claim, CancellationToken ct) => planner.PlanAsync(caller, claim, ct);

    public static ClaimState Read(KindDefinition kind, JsonObject claim)
    {
        var (synced, ready) = (claim.FindCondition("Synced"), claim.FindCondition("Ready"));
        return new ClaimState(
            kind.ApiVersion, kind.Kind, claim.NamespaceOf(), claim.NameOf(), synced is null ? null : synced.Status == "True", ready?.Status == "True",
            synced is { Status: "False" } ? synced.Message : ready is { Status: "True" } ? "" : ready?.Message ?? "",
            claim.At("spec", "compositionRef").Text("name"), claim.At("spec", "writeConnectionSecretToRef").Text("name"),
            claim.At("spec", "resourceRef").Text("name"), false);
    }

    private async Task<bool> IsSimulatedAsync(KindDefinition kind, JsonObject claim, CancellationToken ct)
    {
        if (kinds.Partner(kind) is not { } composite || claim.At("spec", "resourceRef").Text("name") is not { Length: > 0 } name
            || await store.FindAsync(composite.Key("", name), ct) is not { } found)
        {
            return false;
        }

        return (await store.OwnedByAsync(found.Uid, ct)).Any(o =>
            o.ToDocument().At("status", "simulated") is JsonValue v && v.GetValueKind() == JsonValueKind.True);
    }
}
