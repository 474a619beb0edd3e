using System.Globalization;
using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Platform.Feed;

/// <summary>One act on a resource.</summary>
/// <param name="Sequence">Its place in the ledger, from 1.</param>
/// <param name="Actor">The opaque id that the ledger names.</param>
/// <param name="ActorName">The principal's name; the id where it has none, as the platform's own controllers.</param>
/// <param name="OnBehalfOf">For whom the actor acts; null when it acts for itself.</param>
/// <param name="Version">The resource's version after it; null for an act that changed nothing, such as reading a secret's value.</param>
/// <param name="Digest">Lower-case SHA-256 of the body as served, of salt and body for a sealed kind; null for an act without a body.</param>
/// <param name="Reason">Null when the verb says all.</param>
/// <param name="Correlation">Joins the acts of one request or run; null when there is none.</param>
/// <param name="Origin"><c>api</c>, <c>reconcile</c>, <c>bootstrap</c> or a Git commit.</param>
/// <param name="Proof">Shows that the ledger's tree holds the act; null unless asked for.</param>
public sealed record HistoryEntry(
    long Sequence, DateTimeOffset Time, string Actor, string ActorName, string? OnBehalfOf, string Verb, long? Version, string? Digest, string? Reason,
    string? Correlation, string Origin, EntryProof? Proof);

/// <summary>An RFC 6962 inclusion proof against the page's checkpoint.</summary>
/// <param name="LeafIndex">The sequence less one.</param>
/// <param name="Entry">The leaf's bytes in base64: the leaf hash is SHA-256 over a zero byte and them.</param>
/// <param name="Hashes">The audit path in base64, from the leaf's sibling up.</param>
public sealed record EntryProof(long LeafIndex, string Entry, IReadOnlyList<string> Hashes);

/// <summary>A page of a resource's history, the newest act first.</summary>
/// <param name="Next">The cursor of the next page, or null on the last one.</param>
/// <param name="Checkpoint">The signed note (C2SP tlog-checkpoint) that the proofs lead to; null unless they were asked for.</param>
public sealed record HistoryPage(IReadOnlyList<HistoryEntry> Items, string? Next, string? Checkpoint);

/// <summary>Who did what to a resource, and the proof of it.</summary>
public static class HistoryEndpoints
{
    public static IEndpointRouteBuilder MapHistory(this IEndpointRouteBuilder app)
    {
        var history = app.MapGroup("/api/v1/history").WithTags("History").RequireCaller().ProducesProblem(StatusCodes.Status403Forbidden);
        history.MapGet("/{kind}/{name}", OfClusterScopedAsync)
            .WithSummary("The history of a resource that is in no namespace; proof=true proves it").WithName("GetClusterHistory");
        history.MapGet("/{kind}/{ns}/{name}", OfAsync).WithSummary("The history of a resource; proof=true proves it").WithName("GetHistory");
        return app;
    }

    private static Task<Results<Ok<HistoryPage>, ProblemHttpResult>> OfClusterScopedAsync(
        CallerContext context, string kind, string name, LedgerHistory history, TransparencyLog log, KindRegistry kinds, string? cursor, int? limit,
        bool proof = false, CancellationToken ct = default) =>
        OfAsync(context, kind, "", name, history, log, kinds, cursor, limit, proof, ct);

    /// <param name="kind">Plural and group, as in <c>deployments.apps</c>.</param>
    private static async Task<Results<Ok<HistoryPage>, ProblemHttpResult>> OfAsync(
        CallerContext context, string kind, string ns, string name, LedgerHistory history, TransparencyLog log, KindRegistry kinds, string? cursor,
        int? limit, bool proof = false, CancellationToken ct = default)
    {
        var key = new ResourceKey(KindId.Parse(kind), ns, name);
        if (Refuse(context.Caller, key, kinds, proof) is { } refused)
        {
            return refused.ToResult();
        }

        long? before = null;
        if (!string.IsNullOrEmpty(cursor))
        {
            if (!Cursors.TryRead(cursor, 1, out var parts) || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
            {
                return Cursors.Unknown().ToResult();
            }

            before = sequence;
        }

        var size = Cursors.Limit(limit);
        var found = await history.OfAsync(key, size + 1, ct, before);
        if (found.Count == 0 && before is null)
        {
            return Catalogue.NotFound(key).ToResult();
        }

        var rows = found.Take(size).ToList();
        var next = found.Count > size ? Cursors.Of(rows[^1].Sequence.ToString(CultureInfo.InvariantCulture)) : null;
        if (!proof)
        {
            return TypedResults.Ok(new HistoryPage(rows.ConvertAll(r => View(r, null)), next, null));
        }

        var (checkpoint, proofs) = await log.ProveAsync(rows.ConvertAll(r => r.Sequence), ct);
        var items = rows.Zip(proofs, (row, path) => View(
            row, new EntryProof(row.Sequence - 1, Convert.ToBase64String(row.Entry.Span), [.. path.Select(h => h.ToString())])));
        return TypedResults.Ok(new HistoryPage([.. items], next, checkpoint));
    }

    /// <summary>Who may read a resource may read its history. What is no kind (any more) has one too; that is for auditors, as proofs are.</summary>
    private static Problem? Refuse(Caller caller, ResourceKey key, KindRegistry kinds, bool proof)
    {
        var auditor = AccessRules.MayAudit(caller);
        if (kinds.Find(key.Kind) is { } kind)
        {
            if (kind.Namespaced != (key.Namespace.Length > 0))
            {
                return Catalogue.BadRequest(kind.Namespaced
                    ? $"{key.Kind} is in namespaces; the path is /api/v1/history/{key.Kind}/NAMESPACE/NAME."
                    : $"{key.Kind} is in no namespace; the path is /api/v1/history/{key.Kind}/NAME.");
            }

            if (AccessRules.Refuse(caller, "get", kind, key.Namespace) is { } why)
            {
                return Catalogue.Forbidden(caller.Name, "get", key, why);
            }
        }
        else if (!auditor)
        {
            return Catalogue.NoSuchKind(key.Kind.ToString());
        }

        return proof && !auditor ? Catalogue.Forbidden(caller.Name, "prove", key, "proofs need the auditor's or an administrator's role") : null;
    }

    private static HistoryEntry View(HistoryRow row, EntryProof? proof) => new(
        row.Sequence, row.At, row.Actor, row.ActorName, Optional(row.OnBehalfOfName), row.Verb, row.Version, Optional(row.Digest), Optional(row.Reason),
        Optional(row.Correlation), row.Origin, proof);

    private static string? Optional(string text) => text.Length > 0 ? text : null;
}
