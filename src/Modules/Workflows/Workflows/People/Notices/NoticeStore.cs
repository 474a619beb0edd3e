using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;

namespace Flagstone.Workflows.People.Notices;

/// <summary>What people are to be told of a task, as stored.</summary>
internal sealed class NoticeStore(PlatformDatabase database, LedgerWriter writer)
{
    private const string All = "SELECT kind, channel, at FROM workflow_human_notice WHERE run = @run AND event = @event ORDER BY at, kind, channel";

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>By their times.</summary>
    public async Task<List<Notice>> ReadAsync(string runId, long eventId, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(All, ("run", runId), ("event", eventId));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var notices = new List<Notice>();
        while (await reader.ReadAsync(ct))
        {
            notices.Add(new Notice((NoticeKind)reader.GetInt64(0), (NoticeChannel)reader.GetInt64(1), Micros.ToTime(reader.GetInt64(2))));
        }

        return notices;
    }

    public Task DropAsync(string runId, long eventId, Notice notice, CancellationToken ct) => writer.CommitAsync(
        new Unit { Actor = Author, Origin = "temporal", Background = true, Sql = [NoticeRows.Remove(runId, eventId, notice)] }, ct);
}
