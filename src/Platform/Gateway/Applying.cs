using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Patching;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Gateway;

/// <summary>Server-side apply through the gateway: what <c>kubectl apply --server-side</c> and a GitOps source do.</summary>
public static class Applying
{
    /// <summary>
    /// All of an apply but the commit: a creation when there is nothing of the name, else a merge in which the fields of other managers stay.
    /// </summary>
    /// <param name="existing">The resource as it is, or null when it is to be created.</param>
    /// <param name="applied">All that the manager wants of it.</param>
    /// <param name="force">Whether to take fields that others manage; else they are a conflict.</param>
    public static async Task<(Prepared? Prepared, Problem? Problem)> PrepareApplyAsync(
        this ResourceGateway gateway, Caller caller, KindDefinition kind, string ns, StoredResource? existing, JsonObject applied, bool force,
        WriteOptions options, DateTimeOffset now, CancellationToken ct)
    {
        var recorded = options.ForApply();
        if (existing is not null)
        {
            return await gateway.PrepareUpdateAsync(
                caller, kind, existing, (current, _) => new(Merge(current, applied, kind, options, force, now)), recorded, ct);
        }

        var (created, problem) = Merge(null, applied, kind, options, force, now);
        return problem is not null ? (null, problem) : await gateway.PrepareCreateAsync(caller, kind, ns, created!, recorded, ct);
    }

    /// <summary>How the outcome of <see cref="Merge"/> is stored: it brings its managed fields with it.</summary>
    public static WriteOptions ForApply(this WriteOptions options) => options with { Verb = "apply", OwnershipRecorded = true };

    /// <summary>
    /// What an apply makes of the resource as it is, for those who store it by <c>UpdateAsync</c> or <c>CreateAsync</c> with
    /// <see cref="ForApply"/>. An apply that changes nothing gives the live document, its managed fields and their times included.
    /// </summary>
    /// <param name="live">The resource as it is, or null when the apply creates it.</param>
    public static (JsonObject? Document, Problem? Problem) Merge(
        JsonObject? live, JsonObject applied, KindDefinition kind, WriteOptions options, bool force, DateTimeOffset now) =>
        ServerSideApply.Apply(live, applied, FieldOwnership.ManagerOf(options, now), force, FieldOwnership.SchemaOf(kind)) switch
        {
            Applied done => ((JsonObject?)done.Resource.DeepClone(), null),
            ApplyConflicted conflicted => (null, new Problem(409, "apply-conflict", "Conflict", "Another manager has these fields", conflicted.Message)
            {
                Causes = [.. conflicted.Conflicts.Select(c => new ProblemCause(c.Path, "FieldManagerConflict", $"conflict with {c.Manager}"))],
                Subject = new ProblemSubject(kind.Id.Group, kind.Id.Plural, applied.NameOf()),
            }),
            ApplyInvalid invalid => (null, Catalogue.BadRequest(invalid.Message)),
            var other => throw new System.Diagnostics.UnreachableException(other.GetType().Name),
        };
}
