using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Protection;

namespace Flagstone.Provisioning.Claims;

[GrainInterfaceType("flagstone.claim")]
internal interface IClaimGrain : IReconcileGrain;

/// <summary>Binds a claim to its composite: makes it, follows it, hands its connection secret on, and takes it away. The key is the claim's.</summary>
[GrainType("flagstone.claim")]
internal sealed class ClaimGrain(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ConnectionSecrets secrets, CompositionChoice choice,
    Usages usages, Attribution attribution, TimeProvider clock) : Grain, IClaimGrain
{
    public const string Controller = "claim";

    /// <summary>Kubernetes' base length for a generated name: 63 less the five random characters.</summary>
    private const int MaxBase = 57;

    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    private static readonly string[] OwnStatus = ["conditions", "connectionDetails", "claimConditionTypes", "lastHandledReconcileAt"];

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key)
            || kinds.Find(key.Kind) is not { } kind || !kind.IsClaim() || kinds.Partner(kind) is not { } compositeKind
            || await store.FindAsync(key, CancellationToken.None) is not { } found
            || await store.FindAsync(kind.DefinedBy!.Value, CancellationToken.None) is not { } definition)
        {
            return ReconcileResult.Done;
        }

        var claim = found.ToDocument();
        var run = new Run(key, kind, compositeKind, claim, definition.ToDocument());
        if (claim.IsPaused())
        {
            await SetAsync(run, d => d.SetCondition(Condition.False("Synced", "ReconcilePaused", "Reconciling is paused by the annotation crossplane.io/paused"), clock.GetUtcNow()));
            return ReconcileResult.Done;
        }

        return claim.IsDeleting() ? await DeleteAsync(run) : await BindAsync(run);
    }

    private async Task<ReconcileResult> BindAsync(Run run)
    {
        var (composition, problem) = await choice.ChooseAsync(run.Definition, run.CompositeKind, run.Claim["spec"], CancellationToken.None);
        var name = run.Claim.At("spec", "resourceRef").Text("name");
        if (composition is null && name.Length == 0)
        {
            await FailAsync(run, problem!);
            return ReconcileResult.Done;
        }

        // The reference is written before the composite is: after a crash the same composite is found again, never a second one made.
        if (name.Length == 0 || !run.Claim.Finalizers().Contains(Names.ClaimFinalizer))
        {
            name = name.Length > 0 ? name : $"{run.Key.Name[..Math.Min(run.Key.Name.Length, MaxBase)]}-{RandomNumberGenerator.GetString(Alphabet, 5)}";
            if (await gateway.MutateAsync(Controller, run.Kind, run.Key, d => Claim(d, run.CompositeKind, ref name), new WriteOptions(), CancellationToken.None) is not { } bound)
            {
                return ReconcileResult.Done;
            }

            run = run with { Claim = bound.ToDocument() };
        }

        var compositeKey = run.CompositeKind.Key("", name);
        if (await ApplyCompositeAsync(run, compositeKey) is { } refusal)
        {
            await FailAsync(run, refusal);
            return ReconcileResult.After(Retry);
        }

        var composite = (await store.FindAsync(compositeKey, CancellationToken.None))?.ToDocument();
        if (composite is null)
        {
            return ReconcileResult.After(Soon);
        }

        if (!Binding.IsTold(run.Claim, composite)
            && await gateway.MutateAsync(Controller, run.Kind, run.Key, d => Binding.Tell(d, composite), new WriteOptions(), CancellationToken.None) is { } told)
        {
            run = run with { Claim = told.ToDocument() };
        }

        var (ready, secretProblem) = await PropagateSecretAsync(run, composite);
        await SetAsync(run, d => Follow(d, composite, ready, problem ?? secretProblem));
        return secretProblem is null ? ReconcileResult.Done : ReconcileResult.After(Retry);
    }

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(30);

    private static void Claim(JsonObject document, KindDefinition composite, ref string name)
    {
        document.AddFinalizer(Names.ClaimFinalizer);
        var spec = document.Member("spec");
        if (spec["resourceRef"].Text("name") is { Length: > 0 } bound)
        {
            name = bound;
            return;
        }

        spec["resourceRef"] = new JsonObject { ["apiVersion"] = composite.ApiVersion, ["kind"] = composite.Kind, ["name"] = name };
    }

    private async Task<string?> ApplyCompositeAsync(Run run, ResourceKey key)
    {
        var wanted = Binding.Wanted(run.Kind, run.Key, run.Claim);
        Attribution.Put(wanted, await attribution.OfAsync(run.Key.Namespace, CancellationToken.None));
        var isForeign = false;
        var outcome = await gateway.UpdateAsync(Caller.System(Controller), run.CompositeKind, key, (current, _) =>
        {
            isForeign = !Binding.Merge(current, wanted);
            return new((current, null));
        }, Binding.Options, CancellationToken.None);
        if (outcome is Refused { Problem.Status: 404 })
        {
            wanted.Metadata()["name"] = key.Name;
            outcome = await gateway.CreateAsync(Caller.System(Controller), run.CompositeKind, "", wanted, Binding.Options, CancellationToken.None);
        }

        return isForeign ? Binding.Foreign(run.CompositeKind, key.Name) : outcome is Refused refused ? $"cannot apply composite resource: {refused.Problem.Detail}" : null;
    }

    private async Task<(bool Ready, string? Problem)> PropagateSecretAsync(Run run, JsonObject composite)
    {
        var name = run.Claim.At("spec", "writeConnectionSecretToRef").Text("name");
        if (!composite.IsTrue("Ready") || composite.IsDeleting() || name.Length == 0)
        {
            return (composite.IsTrue("Ready"), null);
        }

        var source = composite.At("spec", "writeConnectionSecretToRef");
        var values = await secrets.ReadAsync(source.Text("namespace"), source.Text("name"), CancellationToken.None);
        var problem = await secrets.PublishAsync(
            Controller, new ResourceKey(ConnectionSecrets.Kind, run.Key.Namespace, name),
            Documents.OwnerReference(run.Kind, run.Key.Name, run.Claim.UidOf()), values, exactly: true, wakes: null, CancellationToken.None);
        return (problem is null, problem);
    }

    private void Follow(JsonObject claim, JsonObject composite, bool ready, string? problem)
    {
        var status = claim.Member("status");
        var theirs = composite["status"] as JsonObject ?? [];
        foreach (var gone in status.Select(m => m.Key).Where(m => !OwnStatus.Contains(m) && theirs[m] is null).ToList())
        {
            status.Remove(gone);
        }

        Binding.CopyConditions(claim, composite, clock.GetUtcNow());
        foreach (var (member, value) in theirs)
        {
            if (!OwnStatus.Contains(member) && !JsonNode.DeepEquals(status[member], value))
            {
                status[member] = value?.DeepClone();
            }
        }

        if (claim.Annotation(Names.ReconcileRequestedAnnotation) is { Length: > 0 } requested)
        {
            status["lastHandledReconcileAt"] = requested;
        }

        var now = clock.GetUtcNow();
        if (ready && problem is null && composite.FindCondition("Synced") is { Status: "False", Reason: not "ReconcilePaused" } stale)
        {
            // It is usable as it was, and does not follow what is asked for: nobody looks for that at the composite.
            problem = $"composite resource {composite.NameOf()}: {stale.Message}";
        }

        claim.SetCondition(problem is null ? Condition.True("Synced", "ReconcileSuccess") : Condition.False("Synced", "ReconcileError", problem), now);
        var cause = composite.FindCondition("Synced") is { Status: "False" } unsynced ? unsynced
            : composite.FindCondition("Ready") is { Reason: CompositeStatus.ComposedFailing } failing ? failing : null;
        var waiting = cause is not null
            ? $"Claim is waiting for composite resource {composite.NameOf()} to become Ready: {cause.Message}"
            : "Claim is waiting for composite resource to become Ready";
        claim.SetCondition(ready ? Condition.True("Ready", "Available") : Condition.False("Ready", "Waiting", waiting), now);
    }

    private async Task<ReconcileResult> DeleteAsync(Run run)
    {
        var name = run.Claim.At("spec", "resourceRef").Text("name");
        var key = run.CompositeKind.Key("", name);
        var composite = name.Length == 0 ? null : (await store.FindAsync(key, CancellationToken.None))?.ToDocument();
        if (composite is not null && composite.At("spec", "claimRef").Text("name") == run.Key.Name && composite.At("spec", "claimRef").Text("namespace") == run.Key.Namespace)
        {
            if (!composite.IsDeleting())
            {
                if (await usages.AskAsync(key, CancellationToken.None) is { } used)
                {
                    await SetAsync(run, d => d.SetCondition(Condition.False("Ready", "Deleting", used), clock.GetUtcNow()));
                    return ReconcileResult.After(Retry);
                }

                await gateway.RemoveAsync(Controller, run.CompositeKind, key, new DeleteOptions(Uid: composite.UidOf()), CancellationToken.None);
            }

            var policy = run.Claim.At("spec").Text("compositeDeletePolicy") is { Length: > 0 } own ? own : run.Definition.At("spec").Text("defaultCompositeDeletePolicy");
            if (policy == "Foreground" && await store.FindAsync(key, CancellationToken.None) is not null)
            {
                await SetAsync(run, d => d.SetCondition(Condition.False("Ready", "Deleting", "Claim is waiting for composite resource to be gone"), clock.GetUtcNow()));
                return ReconcileResult.Done;
            }
        }

        await gateway.MutateAsync(Controller, run.Kind, run.Key, d => d.RemoveFinalizer(Names.ClaimFinalizer), new WriteOptions(), CancellationToken.None);
        return ReconcileResult.Done;
    }

    private Task FailAsync(Run run, string problem) => SetAsync(run, d =>
    {
        d.SetCondition(Condition.False("Synced", "ReconcileError", problem), clock.GetUtcNow());
        d.SetCondition(Condition.False("Ready", "Waiting", "Claim is waiting for composite resource to become Ready"), clock.GetUtcNow());
    });

    private Task SetAsync(Run run, Action<JsonObject> change) => gateway.SetStatusAsync(Controller, run.Kind, run.Key, change, CancellationToken.None);

    private sealed record Run(ResourceKey Key, KindDefinition Kind, KindDefinition CompositeKind, JsonObject Claim, JsonObject Definition);
}
