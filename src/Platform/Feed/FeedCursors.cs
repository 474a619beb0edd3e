using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Feed;

/// <summary>How far each consumer of the ledger has come. A cursor moves in the unit that stores what its rows caused.</summary>
public sealed class FeedCursors(PlatformDatabase database)
{
    /// <summary>The sequence of the last row that the consumer has dealt with; 0 when it never read.</summary>
    public async Task<long> ReadAsync(string consumer, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command("SELECT position FROM feed_cursor WHERE consumer = @consumer", ("consumer", consumer));
        return await command.ExecuteScalarAsync(ct) is long position ? position : 0;
    }

    /// <summary>Moves a cursor forward from where the consumer read it; when another moved it already, it stays.</summary>
    public static SqlStatement Move(string consumer, long from, long to) => new(
        """
        INSERT INTO feed_cursor (consumer, position) VALUES (@consumer, @to)
        ON CONFLICT (consumer) DO UPDATE SET position = excluded.position WHERE feed_cursor.position = @from
        """,
        ("consumer", consumer), ("to", to), ("from", from));
}
