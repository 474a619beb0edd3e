using Flagstone.Platform.Feed;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Google.Protobuf;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Archiving;

/// <summary>The outcome of a check of an archived run.</summary>
/// <param name="Digest">Over the events of the file up to the first that cannot be read, lower-case hexadecimal.</param>
internal sealed record ArchivedEvidence(WorkflowExecutionInfo Run, EvidenceVerdict Verdict, long Events, string Digest, HistoryRow? Row);

/// <summary>Holds an archived history against the ledger, which keeps its row when the run is gone.</summary>
internal sealed class ArchiveEvidence(ArchiveList list, LedgerHistory ledger)
{
    /// <summary>Null when the run is not archived.</summary>
    public async Task<ArchivedEvidence?> CheckAsync(WorkflowNamespace ns, string runId, CancellationToken ct)
    {
        // The ledger first: who asks for what never was does not have the folder walked.
        var row = (await ledger.OfAsync(Evidence.Key(ns.Id, runId), 1, ct)).SingleOrDefault(r => r.Verb == Evidence.Verb);
        if (row is null || list.Find(ns, runId) is not { } file)
        {
            return null;
        }

        var run = new WorkflowExecutionInfo { Execution = new() { RunId = runId }, Type = new() };
        var (count, digest, isWhole) = (0L, HistoryDigest.Empty, true);
        try
        {
            run = await ArchiveStore.ReadRecordAsync(file, ct) ?? run;
            var history = file[..^ArchiveNames.RecordEnd.Length] + ArchiveNames.HistoryEnd;
            await foreach (var one in ArchiveStore.ReadHistoryAsync(history, 1, ct))
            {
                digest = HistoryDigest.Next(digest, one.ToByteArray());
                count++;
            }
        }
        catch (Exception e) when (e is InvalidDataException or FileNotFoundException)
        {
            isWhole = false;
        }

        var text = Convert.ToHexStringLower(digest);
        var says = row.Reason.StartsWith($"{run.Status} after {count} events", StringComparison.Ordinal)
            && row.Reason.Contains($"; workflow {run.Execution.WorkflowId}, type {run.Type.Name}", StringComparison.Ordinal);
        return new ArchivedEvidence(
            run, isWhole && says && row.Digest == text && run.Execution.RunId == runId ? EvidenceVerdict.Verified : EvidenceVerdict.Altered, count, text, row);
    }
}
