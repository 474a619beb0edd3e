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
        foreach (var kind in kinds.All.Where(k => k.AskedFor).OrderBy(k => k.Kind, StringComparer.Ordinal))
        {
            foreach (var document in (await store.ListAsync(new ListQuery(kind.Id, ns, Limit: MaxClaims), ct)).Items.Select(i => i.ToDocument()).Where(kind.IsAskedFor))
            {
                states.Add(Read(kind, document) with { Simulated = await IsSimulatedAsync(kind, document, ct) });
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
            CompositionUse.MachineryOf(claim).At("compositionRef").Text("name"), claim.At("spec", "writeConnectionSecretToRef").Text("name"),
            kind.IsComposite() ? claim.NameOf() : claim.At("spec", "resourceRef").Text("name"), false);
    }

    private async Task<bool> IsSimulatedAsync(KindDefinition kind, JsonObject claim, CancellationToken ct)
    {
        var composite = kind.IsComposite() ? claim.UidOf()
            : kinds.Partner(kind) is { } partner && claim.At("spec", "resourceRef").Text("name") is { Length: > 0 } name
                ? (await store.FindAsync(partner.Key("", name), ct))?.Uid ?? ""
                : "";
        return composite.Length > 0 && (await store.OwnedByAsync(composite, ct)).Any(o =>
            o.ToDocument().At("status", "simulated") is JsonValue v && v.GetValueKind() == JsonValueKind.True);
    }
}
