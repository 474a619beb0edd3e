using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Feed;

/// <summary>
/// Forgets earlier versions of resources. A revision goes once the ledger row that superseded it is old enough, so that what a resource was
/// before its latest changes stays readable as long as those are young. The ledger's own rows all stay: a leaf is a digest of one.
/// </summary>
public sealed class Compaction(PlatformDatabase database, LedgerWriter writer)
{
    /// <summary>Ledger rows in one unit. Each supersedes one revision at most, and the last body of a deleted resource is one more.</summary>
    public const int PageRows = 500;

    // What has still to be dispatched keeps its bodies, however old it is: controllers are woken by what bodies say.
    private const string Page = """
        SELECT l.seq, l.at FROM ledger l
        WHERE l.seq > (SELECT version FROM compaction) AND l.seq <= (SELECT coalesce(min(position), 0) FROM feed_cursor)
        ORDER BY l.seq LIMIT @limit
        """;

    private const string Forget = """
        DELETE FROM revision WHERE version IN (
          SELECT v.version FROM ledger l JOIN revision v ON v.kind = l.kind AND v.namespace = l.namespace AND v.name = l.name
          WHERE l.seq > @from AND l.seq <= @to AND l.change <> 0 AND (v.version < l.seq OR (v.version = l.seq AND l.change = 3)))
        """;

    // It only moves forward, so that two processes that compact at once never leave it behind what either forgot.
    private const string Move = "UPDATE compaction SET version = @to WHERE version < @to";

    /// <summary>Every change after this version can still be told; 0 while nothing was forgotten.</summary>
    public async Task<long> PointAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command("SELECT version FROM compaction");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Goes one page on, over rows that are older than <paramref name="before"/>; false when no such row is left.</summary>
    public async Task<bool> StepAsync(DateTimeOffset before, CancellationToken ct)
    {
        var from = await PointAsync(ct);
        var to = await EndOfPageAsync(Micros.From(before), ct);
        if (to <= from)
        {
            return false;
        }

        await writer.CommitAsync(new Unit
        {
            Actor = Actor.Controller("compaction"),
            Origin = "reconcile",
            Background = true,
            Sql = [new SqlStatement(Move, ("to", to)), new SqlStatement(Forget, ("from", from), ("to", to))],
        }, ct);
        return true;
    }

    /// <summary>The last row of the page whose age allows it, 0 for none. Rows are in the order of their times.</summary>
    private async Task<long> EndOfPageAsync(long before, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Page, ("limit", PageRows));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var last = 0L;
        while (await reader.ReadAsync(ct) && reader.GetInt64(1) < before)
        {
            last = reader.GetInt64(0);
        }

        return last;
    }
}
