using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Resources;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Platform.Kinds;

/// <summary>A kind of resource whose instances define kinds.</summary>
/// <param name="Kind">The defining kind.</param>
/// <param name="Read">The kinds that a definition brings; empty while it is not valid.</param>
public sealed record KindSource(KindId Kind, Func<JsonObject, IReadOnlyList<KindDefinition>> Read);

/// <summary>Keeps this process's registry as the stored definitions say: all of them at start, then each change as it commits.</summary>
public sealed partial class KindSync(
    IEnumerable<KindSource> sources, KindRegistry kinds, ResourceStore store, LedgerTail tail, ILogger<KindSync> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<KindId, KindSource> sources = sources.ToDictionary(s => s.Kind);
    private Task? following;

    /// <summary>Ends when all stored definitions are known, so that nothing is served half.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await tail.Started.WaitAsync(cancellationToken);
        var head = tail.Head;
        foreach (var source in sources.Values)
        {
            foreach (var definition in (await store.ListAsync(new ListQuery(source.Kind), cancellationToken)).Items)
            {
                Apply(source, definition.ToDocument());
            }
        }

        following = FollowAsync(head, stopping.Token);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        if (following is not null)
        {
            await following;
        }
    }

    public void Dispose() => stopping.Dispose();

    private async Task FollowAsync(long after, CancellationToken ct)
    {
        try
        {
            await foreach (var rows in tail.FollowAsync(after, Idle, ct))
            {
                foreach (var row in rows.Where(r => r.Change != ChangeType.None))
                {
                    if (!sources.TryGetValue(row.Key.Kind, out var source))
                    {
                        continue;
                    }

                    if (row.Change == ChangeType.Deleted)
                    {
                        kinds.RemoveDefinedBy(row.Key);
                        continue;
                    }

                    Apply(source, JsonNode.Parse(row.Body.Span)!.AsObject());
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private void Apply(KindSource source, JsonObject definition)
    {
        foreach (var kind in source.Read(definition))
        {
            // Status writes of a definition come by often; the kind itself rarely changes.
            if (kinds.Find(kind.Id) is { } known && known.DefinedBy == kind.DefinedBy && known.Stamp == kind.Stamp && kind.Stamp.Length > 0)
            {
                continue;
            }

            if (!kinds.TryAdd(kind, out var taken))
            {
                LogTaken(definition.NameOf(), kind.Kind, taken.Id.ToString());
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Definition {Definition} brings kind {Kind}, whose names {Taken} holds already; it is not served")]
    private partial void LogTaken(string definition, string kind, string taken);
}
