using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;

namespace Flagstone.Workflows.Discarding;

/// <summary>A run that may go.</summary>
internal sealed record Discardable(string WorkflowId, string RunId);

/// <summary>What is to be deleted of runs, in bounded pieces.</summary>
internal sealed class DiscardStore(PlatformDatabase database, LedgerWriter writer)
{
    /// <summary>A longer history is taken out of its run's deletion: nobody waits for a commit of fifty thousand rows.</summary>
    public const int MaxEventsAtOnce = 2_000;

    private const string NextNamespace = "SELECT namespace FROM workflow_visibility WHERE namespace > @after ORDER BY namespace LIMIT 1";

    private const string ClosedBefore = """
        SELECT workflow, run FROM workflow_visibility WHERE namespace = @ns AND close_at < @before ORDER BY close_at, start_at, run LIMIT @limit
        """;

    private const string All = "SELECT workflow, run FROM workflow_visibility WHERE namespace = @ns LIMIT @limit";

    private const string OneDiscarded = "SELECT run FROM workflow_discarded LIMIT 1";

    private const string UpTo = "SELECT id FROM workflow_event WHERE run = @run ORDER BY id LIMIT 1 OFFSET @most";

    private const string DropEventsBefore = "DELETE FROM workflow_event WHERE run = @run AND id < @id";

    private const string DropEvents = "DELETE FROM workflow_event WHERE run = @run";

    private const string DropDiscarded = "DELETE FROM workflow_discarded WHERE run = @run";

    private const string PutDiscarded = "INSERT INTO workflow_discarded (run) VALUES (@run) ON CONFLICT (run) DO NOTHING";

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>How the events of a run go with it.</summary>
    public static SqlStatement Events(string runId, long events) => new(events <= MaxEventsAtOnce ? DropEvents : PutDiscarded, ("run", runId));

    /// <summary>The next namespace that has runs, by uid; null for none. Each is one step in the index, however many runs it has.</summary>
    public async Task<string?> NextNamespaceAsync(string after, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(NextNamespace, ("after", after));
        return await command.ExecuteScalarAsync(ct) as string;
    }

    /// <summary>Runs that closed before a time, the oldest first; without a time all runs.</summary>
    public async Task<List<Discardable>> FindAsync(string ns, DateTimeOffset? closedBefore, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = closedBefore is { } time
            ? connection.Command(ClosedBefore, ("ns", ns), ("before", Micros.From(time)), ("limit", limit))
            : connection.Command(All, ("ns", ns), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var runs = new List<Discardable>();
        while (await reader.ReadAsync(ct))
        {
            runs.Add(new Discardable(reader.GetString(0), reader.GetString(1)));
        }

        return runs;
    }

    /// <summary>Deletes a piece of a long history whose run is gone. False when there is none.</summary>
    public async Task<bool> DropEventsAsync(CancellationToken ct)
    {
        string run;
        object? next;
        await using (var connection = await database.OpenAsync(ct))
        {
            await using var one = connection.Command(OneDiscarded);
            if (await one.ExecuteScalarAsync(ct) is not string found)
            {
                return false;
            }

            run = found;
            await using var upTo = connection.Command(UpTo, ("run", run), ("most", MaxEventsAtOnce));
            next = await upTo.ExecuteScalarAsync(ct);
        }

        await writer.CommitAsync(
            new Unit
            {
                Actor = Author,
                Origin = "temporal",
                Background = true,
                Sql = next is long id ? [new SqlStatement(DropEventsBefore, ("run", run), ("id", id))]
                    : [new SqlStatement(DropEvents, ("run", run)), new SqlStatement(DropDiscarded, ("run", run))],
            }, ct);
        return true;
    }
}
