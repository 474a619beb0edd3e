using System.Globalization;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Visibility.Queries;
using Google.Protobuf;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Visibility;

/// <summary>Where a page of a list ended. Lists go by close time, open runs first, then by start time, then by run id; the latest first.</summary>
internal sealed record ListPosition(long CloseAt, long StartAt, string Run);

/// <summary>Lists and counts runs.</summary>
internal sealed class VisibilityStore(PlatformDatabase database)
{
    /// <summary>As with Temporal's server.</summary>
    public const int MaxPage = 1_000;

    /// <summary>Memos may be large: a page ends early when it has so many bytes.</summary>
    private const int MaxPageBytes = 3 * 1024 * 1024;

    /// <summary>A page of runs, and where the next one begins; null on the last.</summary>
    public Task<(List<WorkflowExecutionInfo> Runs, ListPosition? Next)> ListAsync(CompiledQuery query, ListPosition? after, int size, CancellationToken ct) =>
        ListAsync(query, after, size, WorkflowExecutionInfo.Parser, ct);

    /// <summary>A page of what is listed as messages of another type.</summary>
    public async Task<(List<T> Items, ListPosition? Next)> ListAsync<T>(
        CompiledQuery query, ListPosition? after, int size, MessageParser<T> parser, CancellationToken ct)
        where T : IMessage<T>
    {
        var limit = size <= 0 ? MaxPage : Math.Min(size, MaxPage);
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            List(query, after is not null), [.. query.Parameters, ("limit", limit + 1), .. after is null ? [] : Position(after)]);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var runs = new List<T>();
        var bytes = 0;
        ListPosition? last = null;
        while (await reader.ReadAsync(ct))
        {
            if (runs.Count == limit || bytes > MaxPageBytes)
            {
                return (runs, last);
            }

            var info = reader.GetFieldValue<byte[]>(0);
            bytes += info.Length;
            runs.Add(parser.ParseFrom(info));
            last = new ListPosition(reader.GetInt64(1), reader.GetInt64(2), reader.GetString(3));
        }

        return (runs, null);
    }

    public async Task<long> CountAsync(CompiledQuery query, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command($"SELECT COUNT(*) FROM {query.From} WHERE {query.Where}", [.. query.Parameters]);
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }

    /// <summary>How many runs have each status that one has.</summary>
    public async Task<List<(WorkflowExecutionStatus Status, long Count)>> CountByStatusAsync(CompiledQuery query, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            $"SELECT v.status, COUNT(*) FROM {query.From} WHERE {query.Where} GROUP BY v.status ORDER BY v.status", [.. query.Parameters]);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var counts = new List<(WorkflowExecutionStatus, long)>();
        while (await reader.ReadAsync(ct))
        {
            counts.Add(((WorkflowExecutionStatus)reader.GetInt64(0), reader.GetInt64(1)));
        }

        return counts;
    }

    /// <summary>The statement of a list, without its values.</summary>
    public static string List(CompiledQuery query, bool goesOn)
    {
        var o = query.Order;
        var after = goesOn ? $" AND ({o}.close_at, {o}.start_at, {o}.run) < (@close, @start, @run)" : "";
        return $"""
            SELECT v.info, v.close_at, v.start_at, v.run FROM {query.From} WHERE {query.Where}{after}
            ORDER BY {o}.close_at DESC, {o}.start_at DESC, {o}.run DESC LIMIT @limit
            """;
    }

    private static (string, object?)[] Position(ListPosition after) => [("close", after.CloseAt), ("start", after.StartAt), ("run", after.Run)];
}
