using Flagstone.Platform.Feed;
using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Servers;

namespace Flagstone.Workflows.Console;

/// <summary>Whether a run's history is still the one that the ledger knows, wherever it is kept. Of a server elsewhere the ledger has none.</summary>
internal sealed class EvidenceReader(EvidenceCheck stored, ArchiveEvidence archived, NamespaceCache namespaces, InstallationServer server)
{
    /// <summary>The verdict, with the ledger's row; null where there is no evidence.</summary>
    public async Task<(EvidenceVerdict Verdict, HistoryRow? Row)?> CheckAsync(NamespaceView ns, RunView run, CancellationToken ct)
    {
        if (server.Elsewhere is not null)
        {
            return null;
        }

        if (run.IsArchived)
        {
            return await archived.CheckAsync(await namespaces.GetAsync(ns.Name, ct), run.RunId, ct) is { } kept ? (kept.Verdict, kept.Row) : null;
        }

        return await stored.CheckAsync(ns.Id, run.RunId, ct) is { } there ? (there.Verdict, there.Row) : null;
    }
}
