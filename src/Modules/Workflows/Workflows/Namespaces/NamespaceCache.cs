using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Resources;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Namespaces;

/// <summary>What the calls need of a namespace.</summary>
/// <param name="Id">The resource's uid.</param>
/// <param name="IsDeprecated">Nothing new is started in it.</param>
/// <param name="SearchAttributes">Its own ones, with their types.</param>
/// <param name="AllowsTimeSkipping">Whether the clocks of its runs may jump.</param>
/// <param name="Archives">Whether a closed run is archived before its age deletes it.</param>
internal sealed record WorkflowNamespace(
    string Id, string Name, bool IsDeprecated, Dictionary<string, IndexedValueType> SearchAttributes, bool AllowsTimeSkipping, bool Archives)
{
    public static WorkflowNamespace Of(JsonObject document) => new(
        document.UidOf(), document.NameOf(), document["spec"].Text("state") == "Deprecated", NamespaceMessages.SearchAttributes(document),
        document.At("spec", "timeSkipping")?.GetValueKind() == JsonValueKind.True, document.At("spec", "archival")?.GetValueKind() == JsonValueKind.True);
}

/// <summary>
/// Namespaces in memory. Before each answer it takes what the ledger's tail has since the one before: a change of this process shows at once, one of
/// another process when its row has come, within a second.
/// </summary>
internal sealed class NamespaceCache(NamespaceStore store, LedgerTail tail)
{
    /// <summary>More are not kept: who has so many reads some of them again.</summary>
    private const int MaxKept = 1_000;

    /// <summary>Further behind, it is quicker to begin anew than to look at the rows.</summary>
    private const long MaxBehind = 2_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, WorkflowNamespace> kept = new(StringComparer.Ordinal);
    private long seen;
    private long changes;

    /// <summary>The namespace of a name; a name that is not there is refused with NOT_FOUND.</summary>
    public async ValueTask<WorkflowNamespace> GetAsync(string name, CancellationToken ct)
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

        var read = WorkflowNamespace.Of(await store.GetAsync(name, "", ct));
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
                    if (row.Sequence > seen && row.Key.Kind == WorkflowNamespaceKind.NamespaceId)
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
