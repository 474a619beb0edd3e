using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Managed;

[GrainInterfaceType("flagstone.managed")]
internal interface IManagedResourceGrain : IReconcileGrain;

/// <summary>Keeps one external thing as its resource says, after crossplane-runtime's managed reconciler. The key is the resource's.</summary>
[GrainType("flagstone.managed")]
internal sealed class ManagedResourceGrain(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ProviderDrivers drivers, ConnectionSecrets secrets, TimeProvider clock) : Grain, IManagedResourceGrain
{
    public const string Controller = "managed";

    /// <summary>The ledger's verb of what the grain notes on its resource; like its statuses, these rows are no news to it.</summary>
    private const string Note = "reconcile";

    private static readonly WriteOptions Noting = new() { Verb = Note };
    private static readonly TimeSpan Young = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Poll = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan NotReadyYet = TimeSpan.FromMilliseconds(250);

    /// <summary>Without the rows that it writes itself: they would wake it at once after each failure, and no backoff would hold.</summary>
    public static IEnumerable<string> Route(CommittedRow row, ProviderDrivers drivers) =>
        row.Change is ChangeType.Added or ChangeType.Modified && row.Verb is not ("status" or Note) && drivers.Serves(row.Key.Kind) ? [row.Key.ToString()] : [];

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key)
            || drivers.Find(key.Kind) is not { } driver || kinds.Find(key.Kind) is not { } kind
            || await store.FindAsync(key, CancellationToken.None) is not { } found)
        {
            return ReconcileResult.Done;
        }

        var document = found.ToDocument();
        var policy = ManagementPolicy.Of(document);
        if (document.IsPaused() || policy.Paused)
        {
            await SetAsync(kind, key, Condition.False("Synced", "ReconcilePaused", "Reconciling is paused by an annotation or by managementPolicies"));
            return ReconcileResult.Done;
        }

        var isNew = !document.IsDeleting() && (!document.Finalizers().Contains(Names.ManagedFinalizer) || document.Annotation(Names.ExternalNameAnnotation).Length == 0);
        if (isNew)
        {
            Prepare(document);
        }

        var run = new Run(driver, policy, await ReadAsync(kind, key, document));
        var observation = await driver.ObserveAsync(run.Resource, CancellationToken.None);
        // Of what is not there the finalizer is written with the intent to create it.
        if (isNew && observation is not Absent && await gateway.MutateAsync(Controller, kind, key, Prepare, Noting, CancellationToken.None) is null)
        {
            return ReconcileResult.Done;
        }

        return (observation, document.IsDeleting()) switch
        {
            (Unobservable unseen, _) => await FailAsync(run, $"observe failed: {unseen.Problem}"),
            (_, true) => await DeleteAsync(run, observation),
            (Absent, _) => await CreateAsync(run),
            (Present present, _) => await FollowAsync(run, present),
            _ => throw new System.Diagnostics.UnreachableException(observation.GetType().Name),
        };
    }

    private static void Prepare(JsonObject document)
    {
        document.AddFinalizer(Names.ManagedFinalizer);
        if (document.Annotation(Names.ExternalNameAnnotation).Length == 0)
        {
            document.Annotate(Names.ExternalNameAnnotation, document.NameOf());
        }
    }

    private async Task<ManagedResource> ReadAsync(KindDefinition kind, ResourceKey key, JsonObject document)
    {
        var secret = document.At("spec", "writeConnectionSecretToRef");
        var connection = await secrets.ReadAsync(secret.Text("namespace"), secret.Text("name"), CancellationToken.None);
        var name = document.Annotation(Names.ExternalNameAnnotation) is { Length: > 0 } given ? given : key.Name;
        return new ManagedResource(kind, key, document, name, document.Annotation(Names.CreateTokenAnnotation), connection);
    }

    private async Task<ReconcileResult> CreateAsync(Run run)
    {
        if (!run.Policy.Create)
        {
            return await FailAsync(run, "The external resource is not there, and managementPolicies do not let it be created");
        }

        if (CreateIntent.IsOpen(run.Resource.Document) && !run.Driver.NamesAreOurs && run.Resource.Token.Length == 0)
        {
            await SetAsync(run.Resource.Kind, run.Resource.Key, Condition.False("Synced", "ReconcileError",
                "cannot determine creation result: remove the annotation crossplane.io/external-create-pending once you know that nothing was created"));
            return ReconcileResult.Done;
        }

        // The intent is in the ledger before the call: after a crash in between, the same name and token are used again.
        var (kind, key) = (run.Resource.Kind, run.Resource.Key);
        if (await gateway.MutateAsync(
            Controller, kind, key, d => Intend(d, Guid.NewGuid().ToString("N")), Noting, CancellationToken.None) is not { } intended)
        {
            return ReconcileResult.Done;
        }

        var resource = await ReadAsync(kind, key, intended.ToDocument());
        run = run with { Resource = resource };
        switch (await run.Driver.CreateAsync(resource, CancellationToken.None))
        {
            case Done done:
                if (await PublishAsync(resource, done.Connection) is { } unpublished)
                {
                    return await FailAsync(run, unpublished);
                }

                return await gateway.MutateAsync(Controller, kind, key, d => CreateIntent.Succeeded(d, clock.GetUtcNow()), Noting, CancellationToken.None) is { } made
                    ? await FollowCreatedAsync(run with { Resource = await ReadAsync(kind, key, made.ToDocument()) })
                    : ReconcileResult.Done;
            case Failed failed:
                await gateway.MutateAsync(Controller, kind, key, d => CreateIntent.Failed(d, clock.GetUtcNow()), Noting, CancellationToken.None);
                return await FailAsync(run, $"create failed: {failed.Problem}");
            case Waiting waiting:
                return await WaitAsync(run, waiting);
            case Unknown unknown:
                return await FailAsync(run, $"the outcome of the creation is not known yet: {unknown.Problem}");
            case var other:
                throw new System.Diagnostics.UnreachableException(other.GetType().Name);
        }
    }

    private void Intend(JsonObject document, string token)
    {
        Prepare(document);
        CreateIntent.Open(document, token, clock.GetUtcNow());
    }

    /// <summary>What was just made is often there at once; what is not yet is looked for again soon.</summary>
    private async Task<ReconcileResult> FollowCreatedAsync(Run run) =>
        await run.Driver.ObserveAsync(run.Resource, CancellationToken.None) is Present present ? await FollowAsync(run, present) : ReconcileResult.After(Soon);

    private async Task<ReconcileResult> FollowAsync(Run run, Present present)
    {
        var resource = run.Resource;
        if (CreateIntent.IsOpen(resource.Document))
        {
            await gateway.MutateAsync(
                Controller, resource.Kind, resource.Key, d => CreateIntent.Succeeded(d, clock.GetUtcNow()), Noting, CancellationToken.None);
        }

        if (await PublishAsync(resource, present.Connection) is { } unpublished)
        {
            return await FailAsync(run, unpublished);
        }

        if (present.Difference is not null && run.Policy.Update)
        {
            var outcome = await run.Driver.UpdateAsync(resource, CancellationToken.None);
            var problem = outcome switch
            {
                Done done => await PublishAsync(resource, done.Connection),
                Waiting waiting => waiting.For,
                Failed failed => $"update failed: {failed.Problem}",
                Unknown unknown => $"the outcome of the update is not known yet: {unknown.Problem}",
                _ => throw new System.Diagnostics.UnreachableException(outcome.GetType().Name),
            };
            return problem is null ? ReconcileResult.After(Soon) : await FailAsync(run, problem);
        }

        await gateway.SetStatusAsync(Controller, resource.Kind, resource.Key, d => Report(d, present), CancellationToken.None);
        return ReconcileResult.After(present.NotReady is null ? Poll * (0.75 + (Random.Shared.NextDouble() / 2)) : NotReadyYet);
    }

    private void Report(JsonObject document, Present present)
    {
        var status = document.Member("status");
        if (!JsonNode.DeepEquals(status["atProvider"], present.AtProvider))
        {
            status["atProvider"] = present.AtProvider.DeepClone();
        }

        if (present.Simulated)
        {
            status["simulated"] = true;
        }

        var now = clock.GetUtcNow();
        document.SetCondition(present.NotReady is null
            ? Condition.True("Ready", "Available", present.Note)
            : Condition.False("Ready", "Creating", Join(present.Note, present.NotReady)), now);
        document.SetCondition(present.Difference is null
            ? Condition.True("Synced", "ReconcileSuccess")
            : Condition.False("Synced", "UpdateRestricted", present.Difference), now);
    }

    private async Task<ReconcileResult> DeleteAsync(Run run, Observation observation)
    {
        var (kind, key) = (run.Resource.Kind, run.Resource.Key);
        if (observation is Present && run.Policy.Delete)
        {
            await SetAsync(kind, key, Condition.False("Ready", "Deleting"));
            return await run.Driver.DeleteAsync(run.Resource, CancellationToken.None) switch
            {
                Done => ReconcileResult.After(Soon),
                Waiting waiting => await WaitAsync(run, waiting),
                Failed failed => await FailAsync(run, $"delete failed: {failed.Problem}"),
                Unknown unknown => await FailAsync(run, $"the outcome of the deletion is not known yet: {unknown.Problem}"),
                var other => throw new System.Diagnostics.UnreachableException(other.GetType().Name),
            };
        }

        await gateway.MutateAsync(Controller, kind, key, d => d.RemoveFinalizer(Names.ManagedFinalizer), Noting, CancellationToken.None);
        return ReconcileResult.Done;
    }

    private async Task<string?> PublishAsync(ManagedResource resource, IReadOnlyDictionary<string, string> values)
    {
        var target = resource.Document.At("spec", "writeConnectionSecretToRef");
        return target is null || values.Count == 0 ? null : await secrets.PublishAsync(
            Controller, new ResourceKey(ConnectionSecrets.Kind, target.Text("namespace"), target.Text("name")),
            Documents.OwnerReference(resource.Kind, resource.Key.Name, resource.Document.UidOf()), values, exactly: false, CompositeOf(resource.Document), CancellationToken.None);
    }

    private DueChange? CompositeOf(JsonObject document) =>
        document.Controller() is { } owner && kinds.TryFind(owner.Text("apiVersion"), owner.Text("kind"), out var kind) && kind.IsComposite()
            ? new DueChange(CompositeGrain.Controller, kind.Key("", owner.Text("name")).ToString(), clock.GetUtcNow())
            : null;

    /// <summary>What one composition makes at once comes in any order: no failure, and soon over while it is young.</summary>
    private async Task<ReconcileResult> WaitAsync(Run run, Waiting waiting)
    {
        await SetAsync(run.Resource.Kind, run.Resource.Key, Condition.False("Synced", "Waiting", waiting.For));
        var since = run.Resource.Document.IsDeleting() ? "deletionTimestamp" : "creationTimestamp";
        var begun = DateTimeOffset.Parse(run.Resource.Document.Metadata().Text(since), CultureInfo.InvariantCulture);
        return ReconcileResult.After(clock.GetUtcNow() - begun < Young ? NotReadyYet : Late);
    }

    /// <summary>Says why, and backs off: how often in a row is the scheduler's to count.</summary>
    private async Task<ReconcileResult> FailAsync(Run run, string problem)
    {
        await SetAsync(run.Resource.Kind, run.Resource.Key, Condition.False("Synced", "ReconcileError", problem));
        throw new InvalidOperationException(problem);
    }

    private Task SetAsync(KindDefinition kind, ResourceKey key, Condition condition) =>
        gateway.SetStatusAsync(Controller, kind, key, d =>
        {
            d.SetCondition(condition, clock.GetUtcNow());
            if (d.FindCondition("Ready") is null)
            {
                d.SetCondition(Condition.False("Ready", "Creating"), clock.GetUtcNow());
            }
        }, CancellationToken.None);

    private static string Join(string note, string text) => note.Length > 0 ? $"{note}: {text}" : text;

    private sealed record Run(IProviderDriver Driver, ManagementPolicy Policy, ManagedResource Resource);
}
