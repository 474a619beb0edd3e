using Flagstone.Platform.Feed;
using Flagstone.Platform.Storage;

namespace Flagstone.Workflows.Executions;

/// <summary>Whether a history is still the one that the ledger knows.</summary>
internal enum EvidenceVerdict
{
    /// <summary>The stored history is the one whose digest the ledger has.</summary>
    Verified,

    /// <summary>It is not: an event, or what is said of the run, was changed after its end.</summary>
    Altered,

    /// <summary>The run is open: its digest enters the ledger when it closes.</summary>
    Open,

    /// <summary>It is closed, and the ledger does not know it.</summary>
    Unknown,
}

/// <summary>The outcome of a check.</summary>
/// <param name="Digest">Over the events that are stored, lower-case hexadecimal.</param>
/// <param name="Row">The ledger's row of the run's end; null for none.</param>
internal sealed record EvidenceResult(RunState Run, EvidenceVerdict Verdict, long Events, string Digest, HistoryRow? Row);

/// <summary>Computes a history's digest anew from the stored events, and compares it with the ledger's.</summary>
internal sealed class EvidenceCheck(PlatformDatabase database, ExecutionStore executions, LedgerHistory ledger)
{
    private const string Page = "SELECT id, body FROM workflow_event WHERE run = @run AND id > @after ORDER BY id LIMIT @limit";

    /// <summary>A page is read with one connection, which is given back between: SQLite's log can shrink meanwhile.</summary>
    private const int PageSize = 500;

    /// <summary>The ledger cuts reasons at so many characters.</summary>
    private const int MaxReason = 2_048;

    /// <summary>Null when the run is not there (any more).</summary>
    public async Task<EvidenceResult?> CheckAsync(string ns, string runId, CancellationToken ct)
    {
        if (await executions.FindRunAsync(ns, runId, ct) is not { } run)
        {
            return null;
        }

        var (events, digest) = await DigestAsync(runId, ct);
        var text = Convert.ToHexStringLower(digest);
        // Of a run that has ended its end is the newest row; before it stands what people did and gave a reason for.
        var row = (await ledger.OfAsync(Evidence.Key(ns, runId), 1, ct)).SingleOrDefault(r => r.Verb == Evidence.Verb);
        var verdict = run.IsRunning && row is null ? EvidenceVerdict.Open
            : row is null ? EvidenceVerdict.Unknown
            : row.Digest == text && row.Reason == Cut(Evidence.Reason(run)) && events == run.NextEventId - 1 ? EvidenceVerdict.Verified
            : EvidenceVerdict.Altered;
        return new EvidenceResult(run, verdict, events, text, row);
    }

    private static string Cut(string reason) => reason.Length > MaxReason ? reason[..MaxReason] : reason;

    private async Task<(long Events, byte[] Digest)> DigestAsync(string runId, CancellationToken ct)
    {
        var (count, after, digest) = (0L, 0L, HistoryDigest.Empty);
        while (true)
        {
            var before = count;
            await using var connection = await database.OpenAsync(ct);
            await using var command = connection.Command(Page, ("run", runId), ("after", after), ("limit", PageSize));
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                after = reader.GetInt64(0);
                digest = HistoryDigest.Next(digest, reader.GetFieldValue<byte[]>(1));
                count++;
            }

            if (count - before < PageSize)
            {
                return (count, digest);
            }
        }
    }
}
