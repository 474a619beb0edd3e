using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Reconciling;

/// <summary>An entry of the due index.</summary>
internal sealed record DueEntry(string Kind, string Key, DateTimeOffset At, int Attempt, long Stamp);

/// <summary>What is due, and the ways to say so. Retry, schedule and durable timer are all this one table.</summary>
public sealed class DueIndex(PlatformDatabase database, LedgerWriter writer)
{
    private const string Due = """
        SELECT kind, key, at, attempt, stamp FROM due WHERE partition = @partition AND at <= @until ORDER BY at LIMIT @limit
        """;

    /// <summary>Commits due entries alone. Resources' writers put theirs into their own unit instead.</summary>
    public Task SetAsync(IReadOnlyList<DueChange> changes, CancellationToken ct) =>
        writer.CommitAsync(new Unit { Actor = Actor.Controller("scheduler"), Origin = "reconcile", Background = true, Due = changes }, ct);

    internal async Task<IReadOnlyList<DueEntry>> ReadAsync(int partition, DateTimeOffset until, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Due, ("partition", partition), ("until", Micros.From(until)), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var entries = new List<DueEntry>();
        while (await reader.ReadAsync(ct))
        {
            entries.Add(new DueEntry(reader.GetString(0), reader.GetString(1), Micros.ToTime(reader.GetInt64(2)), (int)reader.GetInt64(3), reader.GetInt64(4)));
        }

        return entries;
    }
}
