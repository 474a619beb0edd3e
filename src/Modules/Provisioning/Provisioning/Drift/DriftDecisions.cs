using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Drift;

/// <summary>Does what people decide about drift: writes it on the managed resource, in their name and with their reason.</summary>
internal sealed class DriftDecisions(ResourceGateway gateway, KindRegistry kinds, ClaimReader reader)
{
    private const int MaxPaths = 100;

    /// <summary>Why a caller may not decide about a resource; null when they may.</summary>
    public string? Refuse(Caller caller, DriftedResource resource) =>
        kinds.Find(KindId.Parse(resource.Resource)) is { } kind ? AccessRules.Refuse(caller, "update", kind, resource.Namespace) : "its kind is not served any more";

    /// <summary>Of a claim that is known by its key alone. It finishes once it has begun, whether or not somebody still looks. Null when it is done.</summary>
    public async Task<Problem?> DecideAsync(Caller caller, ResourceKey claim, DriftDecision decision) =>
        reader.Kind(claim.Kind) is { } kind && await reader.FindAsync(caller, kind, claim.Namespace, claim.Name, CancellationToken.None) is { } document
            ? await DecideAsync(caller, kind, document, decision, CancellationToken.None)
            : Catalogue.NotFound(claim);

    /// <summary>Says on a claim what is to become of its drift from now on. It finishes once it has begun. Null when it is done.</summary>
    public async Task<Problem?> SwitchAsync(Caller caller, ResourceKey claim, DriftMode mode) =>
        reader.Kind(claim.Kind) is not { } kind ? Catalogue.NotFound(claim)
            : (await gateway.UpdateAsync(caller, kind, claim, (current, _) =>
            {
                // Written out also where it is the default: whoever reads the claim sees what holds.
                current.Annotate(DriftRules.ModeAnnotation, DriftRules.Word(mode));
                return new((current, null));
            }, new WriteOptions { Verb = "update" }, CancellationToken.None) as Refused)?.Problem;

    /// <summary>Null when it is done.</summary>
    public async Task<Problem?> DecideAsync(Caller caller, KindDefinition claimKind, JsonObject claim, DriftDecision decision, CancellationToken ct)
    {
        if (decision.Action is not ("accept" or "except" or "revert"))
        {
            return Catalogue.BadRequest($"There is no action '{decision.Action}'. Use accept, except or revert.");
        }

        if (decision.Paths is not { Count: > 0 and <= MaxPaths } || string.IsNullOrWhiteSpace(decision.Reason))
        {
            return Catalogue.BadRequest($"A decision names 1 to {MaxPaths} paths, and a reason.");
        }

        var kind = kinds.Find(KindId.Parse(decision.Resource));
        var node = kind is null ? null : (await reader.TreeAsync(claimKind, claim, ct)).All.FirstOrDefault(n =>
            n.Document is not null && n.Kind == kind.Kind && n.ApiVersion.Split('/')[0] == kind.Id.Group && n.Name == decision.Name);
        if (node is null)
        {
            return Catalogue.BadRequest($"'{decision.Resource}' '{decision.Name}' is no resource of this claim.");
        }

        var known = DriftRules.Fields(node.Document!).Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        if (decision.Action != "revert" && decision.Paths.FirstOrDefault(p => !known.Contains(p)) is { } unknown)
        {
            return Catalogue.BadRequest($"'{unknown}' did not drift. {(known.Count > 0 ? $"These did: {string.Join(", ", known)}." : "Nothing of it did.")}");
        }

        var outcome = await gateway.UpdateAsync(caller, kind!, kind!.Key(node.Namespace, node.Name), (current, _) =>
        {
            Apply(current, decision);
            return new((current, null));
        }, new WriteOptions { Reason = decision.Reason, Verb = "update" }, ct);
        return (outcome as Refused)?.Problem;
    }

    private static void Apply(JsonObject document, DriftDecision decision)
    {
        switch (decision.Action)
        {
            case "accept":
                DriftRules.Accept(document, decision.Paths);
                break;
            case "except":
                DriftRules.Except(document, decision.Paths);
                break;
            default:
                DriftRules.Revert(document, decision.Paths);
                break;
        }
    }
}
