using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Runs;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Endpoints;

/// <summary>Follows one run in the ledger: its state now, then each later one, until it is over. An event's id is the row's sequence.</summary>
internal sealed class RunEvents(LedgerTail tail)
{
    private const string Type = "run";
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    /// <param name="after">The last event that the client has, or null for all from now.</param>
    public async IAsyncEnumerable<SseItem<RunView>> FollowAsync(StoredResource run, long? after, [EnumeratorCancellation] CancellationToken ct)
    {
        if (after is null)
        {
            yield return Item(run.ToDocument(), run.Version);
        }

        if (RunStatus.IsOver(run.ToDocument()) && (after is null || after >= run.Version))
        {
            yield break;
        }

        await foreach (var rows in tail.FollowAsync(after ?? run.Version, Idle, ct))
        {
            // Old states may be gone; the present one is always there.
            foreach (var row in rows.Where(r => r.Key == run.Key && r.Change != ChangeType.None && !r.Body.IsEmpty))
            {
                var document = JsonNode.Parse(row.Body.Span)!.AsObject();
                yield return Item(document, row.Sequence);
                if (row.Change == ChangeType.Deleted || RunStatus.IsOver(document))
                {
                    yield break;
                }
            }
        }
    }

    private static SseItem<RunView> Item(JsonObject run, long version) =>
        new(RunViews.View(run, version), Type) { EventId = version.ToString(CultureInfo.InvariantCulture) };
}
