using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Resources;

namespace Flagstone.Workflows.Nexus.Endpoints;

/// <summary>What calls need of an endpoint.</summary>
/// <param name="Id">The resource's uid: one made again under the same name is another one.</param>
/// <param name="Namespace">The name of the namespace whose workers it calls.</param>
internal sealed record NexusEndpoint(string Id, string Name, string Namespace, string TaskQueue)
{
    public static NexusEndpoint Of(JsonObject document)
    {
        var worker = document.At("spec", "target", "worker");
        return new(document.UidOf(), document.NameOf(), worker.Text("namespace"), worker.Text("taskQueue"));
    }
}

/// <summary>
/// Endpoints in memory, known or known not to be there. Before each answer it takes what the ledger's tail has since the one before: a change of this
/// process shows at once, one of another process when its row has come, within a second.
/// </summary>
internal sealed class NexusEndpointCache(NexusEndpointStore store, LedgerTail tail)
{
    /// <summary>More are not kept: who has so many reads some of them again.</summary>
    private const int MaxKept = 1_000;

    /// <summary>Further behind, it is quicker to begin anew than to look at the rows.</summary>
    private const long MaxBehind = 2_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, NexusEndpoint?> kept = new(StringComparer.Ordinal);
    private long seen;
    private long changes;

    /// <summary>The endpoint of a name; null for none.</summary>
    public async ValueTask<NexusEndpoint?> FindAsync(string name, CancellationToken ct)
    {
        await CatchUpAsync(ct);
        long before;
        lock (gate)
        {
            if (kept.TryGetValue(name, out var there))
            {
                return there;
            }

            before = changes;
        }

        var read = await store.FindAsync(name, ct) is { } document ? NexusEndpoint.Of(document) : null;
        lock (gate)
        {
            // What changed meanwhile may be newer than what was read.
            if (before == changes)
            {
                if (kept.Count >= MaxKept)
                {
                    kept.Clear();
                }

                kept[name] = read;
            }
        }

        return read;
    }

    private async ValueTask CatchUpAsync(CancellationToken ct)
    {
        for (var head = tail.Head; ; head = tail.Head)
        {
            long from;
            lock (gate)
            {
                if (seen >= head)
                {
                    return;
                }

                if (head - seen > MaxBehind)
                {
                    kept.Clear();
                    changes++;
                    seen = head;
                    return;
                }

                from = seen;
            }

            var rows = await tail.ReadAsync(from, ct);
            lock (gate)
            {
                foreach (var row in rows)
                {
                    if (row.Sequence > seen && row.Key.Kind == NexusEndpointKind.EndpointId)
                    {
                        kept.Remove(row.Key.Name);
                        changes++;
                    }
                }

                seen = rows.Count > 0 ? Math.Max(seen, rows[^1].Sequence) : Math.Max(seen, head);
            }
        }
    }
}
