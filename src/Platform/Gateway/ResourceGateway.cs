using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Microsoft.Extensions.Logging;

namespace Flagstone.Platform.Gateway;

/// <summary>What an update makes of the resource as it is: the next document, or a refusal.</summary>
public delegate ValueTask<(JsonObject? Next, Problem? Problem)> Change(JsonObject current, CancellationToken ct);

/// <summary>
/// The one way for people, Git and agents to change a resource: authorization, defaulting, mutating rules, schema, validating rules, then the
/// ledger. Whoever comes by REST, kubectl, the console or a push passes here.
/// </summary>
public sealed partial class ResourceGateway(
    ResourceStore store,
    LedgerWriter writer,
    NamespaceView namespaces,
    IEnumerable<IAdmissionRule> rules,
    TimeProvider clock,
    ILogger<ResourceGateway> logger)
{
    /// <summary>Keeps a definition until the last resource of its kinds is gone: else they would be out of everyone's reach.</summary>
    public const string DefinitionFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    /// <summary>A change computed on what is stored is computed again when that moved, so often at the most.</summary>
    private const int MaxTries = 8;

    private const string NameAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    private static readonly Condition NotEnforced = Condition.False("Enforced", "NoCluster", "Stored here; only a Kubernetes cluster would enforce it");

    private readonly IAdmissionRule[] rules = [.. rules];

    public async Task<WriteOutcome> CreateAsync(Caller caller, KindDefinition kind, string ns, JsonObject document, WriteOptions options, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (prepared, problem) = await PrepareCreateAsync(caller, kind, ns, document, options, ct);
            if (problem is not null)
            {
                return new Refused(problem);
            }

            var outcome = await CommitAsync(caller, kind, prepared!, options, created: true, ct);
            if (outcome is not Conflicted lost)
            {
                return (WriteOutcome)outcome;
            }

            if (lost.Key == prepared!.Write!.Key)
            {
                return new Refused(Catalogue.AlreadyExists(lost.Key));
            }

            namespaces.Forget(lost.Key.Name);
            if (attempt == MaxTries)
            {
                return new Refused(Catalogue.Stale(lost.Key));
            }
        }
    }

    /// <summary>Changes what is stored; when it moved meanwhile, the change is computed again, unless it names a version itself.</summary>
    public Task<WriteOutcome> UpdateAsync(Caller caller, KindDefinition kind, ResourceKey key, Change change, WriteOptions options, CancellationToken ct) =>
        WriteAsync(caller, kind, key, "get", existing => PrepareUpdateAsync(caller, kind, existing, change, options, ct), options, ct);

    public async Task<WriteOutcome> DeleteAsync(Caller caller, KindDefinition kind, ResourceKey key, DeleteOptions delete, WriteOptions options, CancellationToken ct) =>
        Refuse(caller, "delete", kind, key) is { } denied
            ? new Refused(denied)
            : await WriteAsync(caller, kind, key, "delete", existing => PrepareDeleteAsync(caller, kind, existing, delete, options, ct), options, ct);

    /// <param name="needs">The verb without which not even the absence of the resource is told.</param>
    private async Task<WriteOutcome> WriteAsync(
        Caller caller, KindDefinition kind, ResourceKey key, string needs, Func<StoredResource, Task<(Prepared? Prepared, Problem? Problem)>> prepare, WriteOptions options, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await store.FindAsync(key, ct) is not { } existing)
            {
                return new Refused(Refuse(caller, needs, kind, key) ?? Catalogue.NotFound(key));
            }

            var (prepared, problem) = await prepare(existing);
            if (problem is not null)
            {
                return new Refused(problem);
            }

            if (prepared!.Write is null)
            {
                return new Written(existing, false, false, prepared.Warnings);
            }

            var outcome = await CommitAsync(caller, kind, prepared, options, created: false, ct);
            if (outcome is not Conflicted lost)
            {
                return (WriteOutcome)outcome;
            }

            if (attempt == MaxTries)
            {
                return new Refused(Catalogue.Stale(lost.Key));
            }
        }
    }

    /// <summary>All of a creation but the commit: for those who store several in one unit.</summary>
    public async Task<(Prepared? Prepared, Problem? Problem)> PrepareCreateAsync(
        Caller caller, KindDefinition kind, string ns, JsonObject document, WriteOptions options, CancellationToken ct)
    {
        var next = (JsonObject)document.DeepClone();
        next["apiVersion"] = kind.ApiVersion;
        next["kind"] = kind.Kind;
        Preparation.StartMetadata(next, kind, ns, clock.GetUtcNow(), () => RandomNumberGenerator.GetString(NameAlphabet, 5));
        var key = kind.Key(ns, next.NameOf());
        if (Refuse(caller, "create", kind, key) is { } denied)
        {
            return (null, denied);
        }

        var requires = new List<Precondition>();
        if (kind.Namespaced && (ns != options.CreatesNamespace || ns.Length == 0))
        {
            var (version, problem) = await namespaces.RequireActiveAsync(ns, key, ct);
            if (problem is not null)
            {
                return (null, problem);
            }

            requires.Add(new Precondition(NamespaceView.KeyOf(ns), version));
        }

        kind.Normalize?.Invoke(next);
        var warnings = new List<string>();
        var refused = await JudgeAsync(new AdmissionRequest(caller, "create", kind, key, next, null, options.DryRun) { Origin = options.Origin }, options, warnings, ct);
        if (refused is not null)
        {
            return (null, refused);
        }

        FieldOwnership.Record(next, null, kind, options, clock.GetUtcNow());
        if (kind.ClusterOnly)
        {
            // Nobody's field: it is said by the platform, whoever stores the resource.
            next.SetCondition(NotEnforced, clock.GetUtcNow());
        }

        return (new Prepared(Preparation.Write(kind, key, next, 0, Verb(options, "create")), next, requires, warnings), null);
    }

    /// <summary>All of an update but the commit.</summary>
    public async Task<(Prepared? Prepared, Problem? Problem)> PrepareUpdateAsync(
        Caller caller, KindDefinition kind, StoredResource existing, Change change, WriteOptions options, CancellationToken ct)
    {
        var key = existing.Key;
        if (Refuse(caller, "update", kind, key) is { } denied)
        {
            return (null, denied);
        }

        var before = existing.ToDocument();
        var (next, problem) = await change((JsonObject)before.DeepClone(), ct);
        if (problem is not null)
        {
            return (null, problem);
        }

        next!["apiVersion"] = kind.ApiVersion;
        next["kind"] = kind.Kind;
        if (Preparation.KeepMetadata(next, before, kind, key, options.Subresource) is { } refused)
        {
            return (null, refused);
        }

        if (Preparation.CheckFinalizers(next, before) is { } late)
        {
            return (null, Catalogue.Invalid(kind, key.Name, [late]));
        }

        if (caller.IsSystem && JsonNode.DeepEquals(next, before))
        {
            // Most of what controllers do finds all as it should be: what is stored has been judged.
            return (new Prepared(null, before, [], []), null);
        }

        kind.Normalize?.Invoke(next);
        var warnings = new List<string>();
        if (options.Subresource == "status" && caller.IsSystem)
        {
            // Status writes by the platform's own controllers are authorized, not judged; the schema still holds.
            Preparation.Shape(next, kind, FieldValidation.Ignore, warnings);
        }
        else if (await JudgeAsync(new AdmissionRequest(caller, "update", kind, key, next, before, options.DryRun) { Origin = options.Origin }, options, warnings, ct) is { } judged)
        {
            return (null, judged);
        }

        if (kind.CountsGenerations && Preparation.SpecDiffers(next, before, kind))
        {
            next.Metadata()["generation"] = before.GenerationOf() + 1;
        }

        FieldOwnership.Record(next, before, kind, options, clock.GetUtcNow());
        next.Metadata()["resourceVersion"] = before.Metadata().Text("resourceVersion");
        if (JsonNode.DeepEquals(next, before))
        {
            return (new Prepared(null, before, [], warnings), null);
        }

        var gone = next.IsDeleting() && next.Finalizers().Count == 0 && !HasSpecFinalizers(next, kind);
        return (new Prepared(Preparation.Write(kind, key, next, existing.Version, Verb(options, gone ? "delete" : "update"), gone), next, [], warnings), null);
    }

    /// <summary>All of a deletion but the commit. Nothing to write means that it is on its way already.</summary>
    public async Task<(Prepared? Prepared, Problem? Problem)> PrepareDeleteAsync(
        Caller caller, KindDefinition kind, StoredResource existing, DeleteOptions delete, WriteOptions options, CancellationToken ct)
    {
        var key = existing.Key;
        if (Refuse(caller, "delete", kind, key) is { } denied)
        {
            return (null, denied);
        }

        if (delete.Uid is { Length: > 0 } uid && uid != existing.Uid)
        {
            return (null, Catalogue.Conflict(key, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {existing.Uid}"));
        }

        if (delete.Version is { } version && version != existing.Version)
        {
            return (null, Catalogue.Conflict(key, $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {existing.Version}"));
        }

        var document = existing.ToDocument();
        var warnings = new List<string>();
        var request = new AdmissionRequest(caller, "delete", kind, key, null, document, options.DryRun) { Origin = options.Origin };
        if (!caller.IsSystem && await RunRulesAsync(request, warnings, ct) is { } judged)
        {
            return (null, judged);
        }

        var finalizers = document.Finalizers().ToList();
        if (kind.DefinesKinds && !document.IsDeleting() && !finalizers.Contains(DefinitionFinalizer))
        {
            finalizers.Add(DefinitionFinalizer);
        }

        finalizers.RemoveAll(f => f is "foregroundDeletion" or "orphan");
        if (delete.Propagation != Propagation.Background && !document.IsDeleting())
        {
            finalizers.Add(delete.Propagation == Propagation.Foreground ? "foregroundDeletion" : "orphan");
        }
        else if (document.IsDeleting())
        {
            finalizers = [.. document.Finalizers()];
        }

        if (finalizers.Count == 0 && !HasSpecFinalizers(document, kind))
        {
            return (new Prepared(Preparation.Write(kind, key, document, existing.Version, Verb(options, "delete"), deletes: true), document, [], warnings), null);
        }

        if (document.IsDeleting())
        {
            return (new Prepared(null, document, [], warnings), null);
        }

        var metadata = document.Metadata();
        metadata["deletionTimestamp"] = Preparation.Timestamp(clock.GetUtcNow());
        metadata["deletionGracePeriodSeconds"] = 0;
        if (kind.CountsGenerations)
        {
            metadata["generation"] = document.GenerationOf() + 1;
        }

        if (finalizers.Count > 0)
        {
            metadata["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode)f)]);
        }

        if (kind.Id == NamespaceView.Kind)
        {
            document["status"] = new JsonObject { ["phase"] = "Terminating" };
        }

        return (new Prepared(Preparation.Write(kind, key, document, existing.Version, Verb(options, "delete")), document, [], warnings), null);
    }

    /// <summary>The unit that stores a preparation. A deletion also makes due the collection of what it owned.</summary>
    public static Unit UnitOf(Caller caller, IEnumerable<Prepared> prepared, WriteOptions options, DateTimeOffset now)
    {
        var all = prepared.Where(p => p.Write is not null).ToList();
        return new Unit
        {
            Actor = caller.Actor,
            Origin = options.Origin,
            Reason = options.Reason,
            Correlation = options.Correlation,
            Background = caller.IsSystem,
            Requires = [.. all.SelectMany(p => p.Requires).Distinct().Where(r => all.TrueForAll(p => p.Write!.Key != r.Key))],
            Writes = all.ConvertAll(p => p.Write!),
            Due = [.. all.Where(p => p.Write!.Deletes).Select(p => new DueChange("garbage", p.Write!.Uid, now)), .. options.Wakes],
        };
    }

    private async Task<object> CommitAsync(Caller caller, KindDefinition kind, Prepared prepared, WriteOptions options, bool created, CancellationToken ct)
    {
        var write = prepared.Write!;
        if (options.DryRun)
        {
            return new Written(new StoredResource(write.Key, write.Uid, write.Expected, write.Expected == 0 ? write.Body.Bytes : write.Body.WithVersion(write.Expected)), created, write.Deletes, prepared.Warnings);
        }

        try
        {
            var unit = UnitOf(caller, [prepared], options, clock.GetUtcNow());
            if (options.Along is { } along)
            {
                unit = unit with { Guards = [along.Guard], Sql = along.Rows, Memo = done => along.Memo(Stored(write, done)) };
            }

            return await writer.CommitAsync(unit, ct) switch
            {
                Committed done => new Written(Stored(write, done), created, write.Deletes, prepared.Warnings),
                Unmet => Repeated.Instance,
                var outcome => outcome,
            };
        }
        catch (StoreUnavailableException e)
        {
            return new Refused(e.IsDiskFull ? Catalogue.DiskFull(e.Message) : Catalogue.StoreUnavailable(e.Message));
        }
    }

    private static StoredResource Stored(ResourceWrite write, Committed done) =>
        new(write.Key, write.Uid, done.Versions[0], write.Body.WithVersion(done.Versions[0]));

    private async Task<Problem?> JudgeAsync(AdmissionRequest request, WriteOptions options, List<string> warnings, CancellationToken ct)
    {
        if (Preparation.Shape(request.Next!, request.Kind, options.Fields, warnings) is { } misshapen)
        {
            return misshapen;
        }

        if (!request.Caller.IsSystem || options.Judged)
        {
            foreach (var rule in rules)
            {
                await rule.MutateAsync(request, ct);
            }
        }

        var causes = Preparation.Validate(request.Next!, request.Kind);
        causes.AddRange(request.Kind.Validate?.Invoke(request.Next!, request.Before) ?? []);
        if (causes.Count == 0 && request.Kind.Schema is { } schema)
        {
            causes.AddRange(schema.CheckRules(request.Next!, request.Before).Select(e => new ProblemCause(e.Field, e.Reason, e.Body)));
        }

        if (causes.Count > 0)
        {
            return Catalogue.Invalid(request.Kind, request.Key.Name, causes);
        }

        return request.Caller.IsSystem && !options.Judged ? null : await RunRulesAsync(request, warnings, ct);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Admission fails closed: a rule that breaks denies.")]
    private async Task<Problem?> RunRulesAsync(AdmissionRequest request, List<string> warnings, CancellationToken ct)
    {
        var denials = new List<RuleDenial>();
        foreach (var rule in rules)
        {
            try
            {
                var verdict = await rule.JudgeAsync(request, ct);
                denials.AddRange(verdict.Denials.Select(d => new RuleDenial(rule.Name, d)));
                warnings.AddRange(verdict.Warnings.Select(w => $"{rule.Name}: {w}"));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogRuleFailed(e, rule.Name, request.Key);
                denials.Add(new RuleDenial(rule.Name, "the rule failed, and what it cannot judge it does not admit"));
            }
        }

        return denials.Count > 0 ? Catalogue.Denied(request.Key, denials) : null;
    }

    private static Problem? Refuse(Caller caller, string verb, KindDefinition kind, ResourceKey key) =>
        caller.IsSystem || AccessRules.Refuse(caller, verb, kind, key.Namespace) is not { } why
            ? null
            : Catalogue.Forbidden(caller.Name, verb, key, why);

    private static bool HasSpecFinalizers(JsonObject document, KindDefinition kind) =>
        kind.Id == NamespaceView.Kind && document.At("spec", "finalizers") is JsonArray { Count: > 0 };

    private static string Verb(WriteOptions options, string own) =>
        options.Verb.Length > 0 && own != "delete" ? options.Verb : options.Subresource.Length > 0 && own == "update" ? options.Subresource : own;

    [LoggerMessage(Level = LogLevel.Error, Message = "Admission rule {Rule} failed on {Key}")]
    private partial void LogRuleFailed(Exception exception, string rule, ResourceKey key);
}
