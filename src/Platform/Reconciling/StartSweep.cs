using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Platform.Reconciling;

/// <summary>
/// At start, wakes the resources that no controller has looked at in their present form: those stored before their controller existed, whose
/// rows the dispatcher has long passed. One pass over the store in pages; an entry that is due already stays as it is, so that several
/// processes, or a start after each release, do no harm.
/// </summary>
internal sealed partial class StartSweep(
    PlatformDatabase database, KindRegistry kinds, LedgerTail tail, LedgerWriter writer, IEnumerable<Controller> controllers, TimeProvider clock, ILogger<StartSweep> logger)
    : BackgroundService
{
    private const string Page = """
        SELECT kind, namespace, name, version, labels, body FROM resource
        WHERE (kind, namespace, name) > (@kind, @ns, @name) ORDER BY kind, namespace, name LIMIT @limit
        """;

    private const string Wake = """
        INSERT INTO due (kind, key, at, attempt, partition, stamp) VALUES (@kind, @key, @at, 0, @partition, 1) ON CONFLICT (kind, key) DO NOTHING
        """;

    /// <summary>Resources read, and wake-ups committed, at a time.</summary>
    private const int PageSize = 200;

    /// <summary>So many are woken for the same second: the rest of a large store does not stand before what people ask for.</summary>
    private const int PerSecond = 50;

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    private readonly Controller[] controllers = [.. controllers];

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "The database may be away for a while; the pass begins again.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await tail.Started.WaitAsync(stoppingToken);
        while (true)
        {
            try
            {
                await SweepAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(e);
                await Task.Delay(Again, clock, stoppingToken);
            }
        }
    }

    private async Task SweepAsync(CancellationToken stoppingToken)
    {
        var (woken, after) = (0, new ResourceKey(KindId.Parse(""), "", ""));
        while (await ReadAsync(after, stoppingToken) is { Count: > 0 } page)
        {
            after = page[^1].Key;
            var due = page.Where(r => !IsReconciled(r)).SelectMany(r => controllers.SelectMany(c => c.Route(r).Select(key => (c.Name, Key: key)))).Distinct().ToList();
            foreach (var chunk in due.Chunk(PageSize))
            {
                await writer.CommitAsync(new Unit
                {
                    Actor = Actor.Controller("scheduler"),
                    Origin = "reconcile",
                    Background = true,
                    Sql = [.. chunk.Select(d => Statement(d.Name, d.Key, woken++))],
                }, stoppingToken);
            }
        }

        if (woken > 0)
        {
            LogWoken(woken);
        }
    }

    private async Task<List<CommittedRow>> ReadAsync(ResourceKey after, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            Page, ("kind", after.Kind.ToString()), ("ns", after.Namespace), ("name", after.Name), ("limit", PageSize));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<CommittedRow>();
        while (await reader.ReadAsync(ct))
        {
            var key = new ResourceKey(KindId.Parse(reader.GetString(0)), reader.GetString(1), reader.GetString(2));
            rows.Add(new CommittedRow(reader.GetInt64(3), key, ChangeType.Modified, "update", reader.Text(4), null, reader.GetFieldValue<byte[]>(5)));
        }

        return rows;
    }

    /// <summary>
    /// Whether the status tells a reconcile of the present generation: by its number, or where a status has none, by any condition. A sealed
    /// body has no status to read, and no controller reconciles its kind.
    /// </summary>
    private bool IsReconciled(CommittedRow row)
    {
        if (kinds.IsSealed(row.Key.Kind))
        {
            return true;
        }

        var document = JsonNode.Parse(row.Body.Span);
        var status = document?["status"];
        return status?["observedGeneration"] is { } observed
            ? JsonNode.DeepEquals(observed, document!["metadata"]?["generation"])
            : status?["conditions"] is JsonArray { Count: > 0 };
    }

    private SqlStatement Statement(string controller, string key, int index) => new(
        Wake,
        ("kind", controller), ("key", key), ("at", Micros.From(clock.GetUtcNow() + TimeSpan.FromSeconds(index / PerSecond))),
        ("partition", (long)DuePartition.Of(controller, key)));

    [LoggerMessage(Level = LogLevel.Information, Message = "Woke {Count} controllers for what was stored before they looked")]
    private partial void LogWoken(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking for resources that no controller has seen failed; it begins again soon")]
    private partial void LogFailed(Exception exception);
}
