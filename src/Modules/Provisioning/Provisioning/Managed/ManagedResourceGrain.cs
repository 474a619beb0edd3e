using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Drift;
using Flagstone.Provisioning.Managed.Calls;

namespace Flagstone.Provisioning.Managed;

[GrainInterfaceType("flagstone.managed")]
internal interface IManagedResourceGrain : IReconcileGrain;

/// <summary>Keeps one external thing as its resource says, after crossplane-runtime's managed reconciler. The key is the resource's.</summary>
[GrainType("flagstone.managed")]
internal sealed class ManagedResourceGrain(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ProviderDrivers drivers, ProviderCalls calls, ConnectionSecrets secrets, TimeProvider clock)
    : Grain, IManagedResourceGrain
{
    public const string Controller = "managed";

    /// <summary>The ledger's verb of what the grain notes on its resource; like its statuses, these rows are no news to it.</summary>
    private const string Note = "reconcile";

    /// <summary>An update may take a moment to show; after so many that leave it different, it is said, and tried less and less often.</summary>
    private const int FutileUpdates = 5;

    private static readonly WriteOptions Noting = new() { Verb = Note };
    private static readonly TimeSpan Young = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LeastPoll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan NotReadyYet = TimeSpan.FromMilliseconds(250);

    /// <summary>What takes longer than a while at its provider is not asked for at each beat.</summary>
    private static readonly TimeSpan NotReadyLately = TimeSpan.FromSeconds(2);

    /// <summary>What fails for a reason that only people can mend is tried again so often, and at each change of the resource.</summary>
    private static readonly TimeSpan Seldom = TimeSpan.FromMinutes(10);

    /// <summary>No provider is asked more often how an operation goes on, whatever it proposes, and none less often.</summary>
    private static readonly (TimeSpan Least, TimeSpan Most) Look = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));

    private int updatesInARow;
    private string difference = "";

    /// <summary>Without the rows that it writes itself: they would wake it at once after each failure, and no backoff would hold.</summary>
    public static IEnumerable<string> Route(CommittedRow row, ProviderDrivers drivers) =>
        row.Change is ChangeType.Added or ChangeType.Modified && row.Verb is not ("status" or Note) && drivers.Serves(row.Key.Kind) ? [row.Key.ToString()] : [];

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key)
            || drivers.Find(key.Kind) is not { } maker || kinds.Find(key.Kind) is not { } kind
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

        if (policy.Problem is { } unsupported)
        {
            await SetAsync(kind, key, Condition.False("Synced", "ReconcileError", unsupported));
            return ReconcileResult.Done;
        }

        var (driver, comeAgain) = await calls.TryOpenAsync(maker, key);
        if (driver is null)
        {
            return await PutOffAsync(kind, key, document, maker.Provider, comeAgain);
        }

        using (driver)
        {
            return await StepAsync(driver, policy, kind, key, document);
        }
    }

    private async Task<ReconcileResult> StepAsync(GuardedDriver driver, ManagementPolicy policy, KindDefinition kind, ResourceKey key, JsonObject document)
    {
        if (Operation.Of(document) is { } operation)
        {
            return await ResumeAsync(new Run(driver, policy, await ReadAsync(driver, kind, key, document)), operation);
        }

        var named = driver.NamesAreOurs(kind);
        var place = document.Annotation(Names.PlaceAnnotation) is { Length: > 0 } kept ? kept : await driver.PlaceAsync(document, CancellationToken.None);
        var isNew = !document.IsDeleting()
            && (!document.Finalizers().Contains(Names.ManagedFinalizer) || (named && document.Annotation(Names.ExternalNameAnnotation).Length == 0)
                || (place.Length > 0 && document.Annotation(Names.PlaceAnnotation).Length == 0));
        if (isNew)
        {
            Prepare(document, named, place);
        }

        var run = new Run(driver, policy, await ReadAsync(driver, kind, key, document));
        var observation = await driver.ObserveAsync(run.Resource, CancellationToken.None);
        if (observation is Present { Drift.Count: > 0 } differing && DriftRules.Lenient(run.Resource.Document, differing.Drift) is var lenient && lenient != run.Resource.Document)
        {
            // What is excepted may be whatever it is.
            run = run with { Resource = run.Resource with { Document = lenient } };
            observation = await driver.ObserveAsync(run.Resource, CancellationToken.None);
        }

        // Of what is not there the finalizer is written with the intent to create it.
        if (isNew && observation is not Absent && await gateway.MutateAsync(Controller, kind, key, d => Prepare(d, named, place), Noting, CancellationToken.None) is null)
        {
            return ReconcileResult.Done;
        }

        return (observation, document.IsDeleting()) switch
        {
            (Unobservable unseen, _) => await FailAsync(run, $"observe failed: {unseen.Problem}"),
            (_, true) => await DeleteAsync(run, observation),
            (Foreign foreign, _) => await RestAsync(run, foreign.Problem),
            (Absent, _) => await CreateAsync(run),
            (Present present, _) => await FollowAsync(run, present),
            _ => throw new System.Diagnostics.UnreachableException(observation.GetType().Name),
        };
    }

    /// <summary>What has said nothing of itself yet says why it waits; the rest stays as it was.</summary>
    private async Task<ReconcileResult> PutOffAsync(KindDefinition kind, ResourceKey key, JsonObject document, string provider, TimeSpan comeAgain)
    {
        if (document.FindCondition("Synced") is null)
        {
            await SetAsync(kind, key, Condition.False("Synced", "Waiting", $"Others are at the provider '{provider}', and its places are taken"));
        }

        return ReconcileResult.After(comeAgain);
    }

    private static void Prepare(JsonObject document, bool named, string place)
    {
        document.AddFinalizer(Names.ManagedFinalizer);
        if (named && document.Annotation(Names.ExternalNameAnnotation).Length == 0)
        {
            document.Annotate(Names.ExternalNameAnnotation, document.NameOf());
        }

        if (place.Length > 0 && document.Annotation(Names.PlaceAnnotation).Length == 0)
        {
            document.Annotate(Names.PlaceAnnotation, place);
        }
    }

    private async Task<ManagedResource> ReadAsync(IProviderDriver driver, KindDefinition kind, ResourceKey key, JsonObject document)
    {
        var secret = SecretOf(key, document);
        var connection = await secrets.ReadAsync(secret.Namespace, secret.Name, CancellationToken.None);
        var name = document.Annotation(Names.ExternalNameAnnotation) is { Length: > 0 } given || !driver.NamesAreOurs(kind)
            ? document.Annotation(Names.ExternalNameAnnotation)
            : key.Name;
        return new ManagedResource(kind, key, DriftRules.Lenient(document, []), name, document.Annotation(Names.CreateTokenAnnotation), connection);
    }

    private async Task<ReconcileResult> CreateAsync(Run run)
    {
        if (!run.Policy.Create)
        {
            return await FailAsync(run, "The external resource is not there, and managementPolicies do not let it be created");
        }

        return IsUndecidable(run) ? await ParkAsync(run, "neither its name nor its token can tell") : await CallCreateAsync(run);
    }

    /// <summary>A creation whose answer was lost, of a thing that nobody here can name, and whose token the provider may have forgotten.</summary>
    private bool IsUndecidable(Run run) =>
        CreateIntent.OpenSince(run.Resource.Document) is { } since && run.Resource.ExternalName.Length == 0 && !run.Driver.NamesAreOurs(run.Resource.Kind)
        && (run.Resource.Token.Length == 0 || !(clock.GetUtcNow() - since <= run.Driver.TokenLife(run.Resource.Kind)));

    private async Task<ReconcileResult> CallCreateAsync(Run run)
    {
        // The intent is in the ledger before the call: after a crash in between, the same name and token are used again.
        var (kind, key) = (run.Resource.Kind, run.Resource.Key);
        var named = run.Driver.NamesAreOurs(kind);
        var place = run.Resource.Place;
        if (await gateway.MutateAsync(
            Controller, kind, key, d => Intend(d, named, place, Guid.NewGuid().ToString("N")), Noting, CancellationToken.None) is not { } intended)
        {
            return ReconcileResult.Done;
        }

        run = run with { Resource = await ReadAsync(run.Driver, kind, key, intended.ToDocument()) };
        if (run.Driver.Generate(run.Resource) is { Count: > 0 } generated)
        {
            if (await PublishAsync(run.Resource, generated) is { } unpublished)
            {
                return await FailAsync(run, unpublished);
            }

            run = run with { Resource = await ReadAsync(run.Driver, kind, key, intended.ToDocument()) };
        }

        return await TakeAsync(run, OperationVerb.Create, await run.Driver.CreateAsync(run.Resource, CancellationToken.None));
    }

    /// <summary>What an operation came to that went on when this looked last.</summary>
    private async Task<ReconcileResult> ResumeAsync(Run run, Operation operation)
    {
        var outcome = await run.Driver.PollAsync(run.Resource, operation, CancellationToken.None);
        if (outcome is Started or Unknown or Waiting)
        {
            return await TakeAsync(run, operation.Verb, outcome);
        }

        if (outcome is Forgotten || operation.Verb != OperationVerb.Create)
        {
            await gateway.MutateAsync(Controller, run.Resource.Kind, run.Resource.Key, Operation.Clear, Noting, CancellationToken.None);
        }

        return outcome is Forgotten ? ReconcileResult.After(Soon) : await TakeAsync(run, operation.Verb, outcome);
    }

    private async Task<ReconcileResult> TakeAsync(Run run, OperationVerb verb, DriverOutcome outcome)
    {
        var (kind, key) = (run.Resource.Kind, run.Resource.Key);
        switch (outcome)
        {
            case Started started:
                await gateway.MutateAsync(Controller, kind, key, d => Begin(d, new Operation(verb, started.Handle), started.ExternalName), Noting, CancellationToken.None);
                await gateway.SetStatusAsync(Controller, kind, key, d => ManagedStatus.ReportOngoing(d, verb, clock.GetUtcNow()), CancellationToken.None);
                return ReconcileResult.After(TimeSpan.FromTicks(Math.Clamp(started.LookAfter.Ticks, Look.Least.Ticks, Look.Most.Ticks)));
            case Done done when verb == OperationVerb.Create:
                if (await PublishAsync(run.Resource, done.Connection) is { } unpublished)
                {
                    return await FailAsync(run, unpublished);
                }

                if (await gateway.MutateAsync(Controller, kind, key, d => Succeed(d, done.ExternalName), Noting, CancellationToken.None) is not { } made)
                {
                    return ReconcileResult.Done;
                }

                // Who deleted it meanwhile need not wait until it has been looked at.
                return made.ToDocument().IsDeleting()
                    ? ReconcileResult.After(Soon)
                    : await FollowCreatedAsync(run with { Resource = await ReadAsync(run.Driver, kind, key, made.ToDocument()) });
            case Done done:
                if (await PublishAsync(run.Resource, done.Connection) is { } unwritten)
                {
                    return await FailAsync(run, unwritten);
                }

                return verb == OperationVerb.Update && ++updatesInARow > FutileUpdates
                    ? await FailAsync(run, $"it was updated, and still differs: {difference}")
                    : ReconcileResult.After(Soon);
            case Failed failed:
                if (verb == OperationVerb.Create)
                {
                    await gateway.MutateAsync(Controller, kind, key, d => Fail(d, failed.TokenSpent), Noting, CancellationToken.None);
                }

                var problem = $"{verb.ToString().ToLowerInvariant()} failed: {failed.Problem}";
                return failed.Terminal ? await RestAsync(run, problem) : await FailAsync(run, problem);
            case Waiting waiting:
                return await WaitAsync(run, waiting);
            case Unknown unknown:
                return await FailAsync(run, $"the outcome of the {Noun(verb)} is not known yet: {unknown.Problem}");
            case Parked parked:
                return await ParkAsync(run, parked.Problem);
            case var other:
                throw new System.Diagnostics.UnreachableException(other.GetType().Name);
        }
    }

    private void Intend(JsonObject document, bool named, string place, string token)
    {
        Prepare(document, named, place);
        CreateIntent.Open(document, token, clock.GetUtcNow());
    }

    private static void Begin(JsonObject document, Operation operation, string externalName)
    {
        operation.Note(document);
        Rename(document, externalName);
    }

    private void Succeed(JsonObject document, string externalName)
    {
        Operation.Clear(document);
        Rename(document, externalName);
        CreateIntent.Succeeded(document, clock.GetUtcNow());
    }

    private void Fail(JsonObject document, bool tokenSpent)
    {
        Operation.Clear(document);
        CreateIntent.Failed(document, clock.GetUtcNow());
        if (tokenSpent)
        {
            CreateIntent.SpendToken(document);
        }
    }

    private static void Rename(JsonObject document, string externalName)
    {
        if (externalName.Length > 0)
        {
            document.Annotate(Names.ExternalNameAnnotation, externalName);
        }
    }

    private static string Noun(OperationVerb verb) => verb switch
    {
        OperationVerb.Create => "creation",
        OperationVerb.Update => "update",
        _ => "deletion",
    };

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

        var fromOutside = present is { Difference: not null, Drift.Count: > 0 } && !run.Policy.OnlyObserves && DriftRules.IsFromOutside(resource.Document);
        var mode = fromOutside ? await ModeAsync(resource.Document) : DriftMode.Revert;
        if (fromOutside && mode != DriftMode.Off)
        {
            // It is in the ledger before it is put back: what changed outside, and when it was seen.
            await gateway.SetStatusAsync(Controller, resource.Kind, resource.Key, d => DriftRules.Note(d, present.Drift, clock.GetUtcNow()), CancellationToken.None);
        }

        if (mode == DriftMode.Report && run.Policy.Update && DriftRules.Reverting(resource.Document, present.Drift) is { } partly)
        {
            // Someone decided so of these fields, whatever becomes of the others.
            return await TakeAsync(run, OperationVerb.Update, await run.Driver.UpdateAsync(resource with { Document = partly }, CancellationToken.None));
        }

        if (DriftRules.IsReverting(resource.Document))
        {
            await gateway.MutateAsync(Controller, resource.Kind, resource.Key, DriftRules.Reverted, Noting, CancellationToken.None);
        }

        if (present.Difference is not null && run.Policy.Update && mode == DriftMode.Revert)
        {
            difference = present.Difference;
            return await TakeAsync(run, OperationVerb.Update, await run.Driver.UpdateAsync(resource, CancellationToken.None));
        }

        updatesInARow = 0;
        await gateway.SetStatusAsync(Controller, resource.Kind, resource.Key, d => ManagedStatus.Report(d, present, run.Policy, mode, clock.GetUtcNow()), CancellationToken.None);
        return ReconcileResult.After(
            present.NotReady is null ? PollAfter(run)
            : present.LookAfter is { } news ? TimeSpan.FromTicks(Math.Clamp(news.Ticks, Look.Least.Ticks, Look.Most.Ticks))
            : IsYoung(resource.Document) ? NotReadyYet : NotReadyLately);
    }

    private static TimeSpan PollAfter(Run run) =>
        GoDuration.TryParse(run.Resource.Document.Annotation(Names.PollIntervalAnnotation), out var own)
            ? own > LeastPoll ? own : LeastPoll
            : run.Driver.PollEvery * (0.75 + (Random.Shared.NextDouble() / 2));

    /// <summary>As the resource says, else its composite, which has what its claim says.</summary>
    private async Task<DriftMode> ModeAsync(JsonObject document)
    {
        var owner = document.Controller() is { } controller && kinds.TryFind(controller.Text("apiVersion"), controller.Text("kind"), out var kind)
            ? (await store.FindAsync(kind.Key(document.NamespaceOf(), controller.Text("name")), CancellationToken.None))?.ToDocument() : null;
        return DriftRules.ModeOf(document, owner);
    }

    private async Task<ReconcileResult> DeleteAsync(Run run, Observation observation)
    {
        var (kind, key) = (run.Resource.Kind, run.Resource.Key);
        if (observation is Present && run.Policy.Delete)
        {
            await SetAsync(kind, key, Condition.False("Ready", "Deleting"));
            return await TakeAsync(run, OperationVerb.Delete, await run.Driver.DeleteAsync(run.Resource, CancellationToken.None));
        }

        // A creation may go on whose answer was lost. The same call with the same token tells of it; going away now would leave it behind.
        if (observation is Absent && run.Policy is { Delete: true, Create: true } && CreateIntent.OpenSince(run.Resource.Document) is { } since)
        {
            if (IsUndecidable(run))
            {
                return await ParkAsync(run, "neither its name nor its token can tell");
            }

            if (clock.GetUtcNow() - since <= run.Driver.TokenLife(kind))
            {
                return await CallCreateAsync(run);
            }
        }

        await gateway.MutateAsync(Controller, kind, key, d => d.RemoveFinalizer(Names.ManagedFinalizer), Noting, CancellationToken.None);
        return ReconcileResult.Done;
    }

    private async Task<string?> PublishAsync(ManagedResource resource, IReadOnlyDictionary<string, string> values)
    {
        var target = SecretOf(resource.Key, resource.Document);
        return target.Name.Length == 0 || values.Count == 0 ? null : await secrets.PublishAsync(
            Controller, target,
            Documents.OwnerReference(resource.Kind, resource.Key.Name, resource.Document.UidOf()), values, exactly: false, CompositeOf(resource.Document), CancellationToken.None);
    }

    /// <summary>What lies in a namespace has its secret there. The name is empty when it asks for none.</summary>
    private static ResourceKey SecretOf(ResourceKey key, JsonObject document)
    {
        var target = document.At("spec", "writeConnectionSecretToRef");
        return new ResourceKey(ConnectionSecrets.Kind, key.Namespace.Length > 0 ? key.Namespace : target.Text("namespace"), target.Text("name"));
    }

    private DueChange? CompositeOf(JsonObject document) =>
        document.Controller() is { } owner && kinds.TryFind(owner.Text("apiVersion"), owner.Text("kind"), out var kind) && kind.IsComposite()
            ? new DueChange(CompositeGrain.Controller, kind.Key(document.NamespaceOf(), owner.Text("name")).ToString(), clock.GetUtcNow())
            : null;

    /// <summary>What one composition makes at once comes in any order: no failure, and soon over while it is young.</summary>
    private async Task<ReconcileResult> WaitAsync(Run run, Waiting waiting)
    {
        await SetAsync(run.Resource.Kind, run.Resource.Key, Condition.False("Synced", "Waiting", waiting.For));
        return ReconcileResult.After(IsYoung(run.Resource.Document) ? NotReadyYet : Late);
    }

    /// <summary>True in the first while after it was made, or was deleted.</summary>
    private bool IsYoung(JsonObject document)
    {
        var since = document.IsDeleting() ? "deletionTimestamp" : "creationTimestamp";
        return clock.GetUtcNow() - DateTimeOffset.Parse(document.Metadata().Text(since), CultureInfo.InvariantCulture) < Young;
    }

    /// <summary>Says why, and waits for people: a repetition alone mends nothing.</summary>
    private async Task<ReconcileResult> RestAsync(Run run, string problem)
    {
        await SetAsync(run.Resource.Kind, run.Resource.Key, Condition.False("Synced", "ReconcileError", problem));
        return ReconcileResult.After(Seldom);
    }

    private async Task<ReconcileResult> ParkAsync(Run run, string why)
    {
        await SetAsync(run.Resource.Kind, run.Resource.Key, Condition.False("Synced", "ReconcileError",
            $"cannot determine creation result: {why}. Set the annotation crossplane.io/external-name to what was created, or remove the annotation "
            + "crossplane.io/external-create-pending once you know that nothing was created"));
        return ReconcileResult.Done;
    }

    /// <summary>Says why, and backs off: how often in a row is the scheduler's to count.</summary>
    private async Task<ReconcileResult> FailAsync(Run run, string problem)
    {
        await SetAsync(run.Resource.Kind, run.Resource.Key, Condition.False("Synced", "ReconcileError", problem));
        throw new InvalidOperationException(problem);
    }

    private Task SetAsync(KindDefinition kind, ResourceKey key, Condition condition) =>
        gateway.SetStatusAsync(Controller, kind, key, d => ManagedStatus.Set(d, condition, clock.GetUtcNow()), CancellationToken.None);

    private sealed record Run(IProviderDriver Driver, ManagementPolicy Policy, ManagedResource Resource);
}
