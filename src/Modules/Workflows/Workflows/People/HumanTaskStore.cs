using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Flagstone.Platform.Storage;

namespace Flagstone.Workflows.People;

/// <summary>Which tasks are listed.</summary>
/// <param name="IsOpen">Those that wait, else those that are over.</param>
/// <param name="Namespace">The name of the workflow namespace; empty for all.</param>
/// <param name="Decider">Whose inbox it is: only what they may decide now. Null for everybody's.</param>
internal sealed record HumanTaskQuery(bool IsOpen, string Namespace, Decider? Decider);

/// <summary>Somebody, as tasks name them.</summary>
internal sealed record Decider(string Name, IReadOnlyList<string> Subjects);

/// <summary>Where a page of a list ended.</summary>
internal sealed record HumanTaskPosition(long At, string Run, long Event);

/// <summary>What people are asked to decide, as stored. Executions write it.</summary>
internal sealed class HumanTaskStore(PlatformDatabase database)
{
    /// <summary>More of a person's teams are not looked for.</summary>
    private const int MaxTeams = 200;

    /// <summary>Of one run; a page of it shows no more.</summary>
    private const int MaxOfRun = 20;

    /// <summary>More are not counted: a count says "99+" long before.</summary>
    private const int MaxCounted = 100;

    private const string Columns =
        "t.run, t.event, t.namespace, t.name, t.workflow, t.activity, t.starter, t.state, t.at, t.opened_at, t.request, t.live, t.outcome";

    private const string One = $"SELECT {Columns} FROM workflow_human_task t WHERE t.run = @run AND t.event = @event";

    private const string Open = $"SELECT {Columns} FROM workflow_human_task t WHERE t.run = @run AND t.is_open = 1 ORDER BY t.event LIMIT @limit";

    private const string Teams = """
        SELECT DISTINCT subject FROM workflow_human_subject WHERE subject >= 'team:' AND subject < 'team;' ORDER BY subject LIMIT @limit
        """;

    public async Task<HumanTaskRow?> FindAsync(string runId, long eventId, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(One, ("run", runId), ("event", eventId));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? Row(reader) : null;
    }

    /// <summary>The first open ones of a run.</summary>
    public async Task<List<HumanTaskRow>> OpenAsync(string runId, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Open, ("run", runId), ("limit", MaxOfRun));
        return await RowsAsync(command, ct);
    }

    /// <summary>A page, the latest first.</summary>
    public async Task<List<HumanTaskRow>> ListAsync(HumanTaskQuery query, HumanTaskPosition? after, int limit, DateTimeOffset now, CancellationToken ct)
    {
        var (where, parameters) = Where(query, now);
        var position = after is null ? "" : " AND (t.at < @at OR (t.at = @at AND (t.run > @run OR (t.run = @run AND t.event > @event))))";
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            $"SELECT {Columns} FROM workflow_human_task t WHERE {where}{position} ORDER BY t.at DESC, t.run, t.event LIMIT @limit",
            [
                .. parameters, ("limit", limit),
                .. after is null ? [] : (ReadOnlySpan<(string, object?)>)[("at", after.At), ("run", after.Run), ("event", after.Event)],
            ]);
        return await RowsAsync(command, ct);
    }

    /// <summary>How many there are; no more than a hundred are counted.</summary>
    public async Task<int> CountAsync(HumanTaskQuery query, DateTimeOffset now, CancellationToken ct)
    {
        var (where, parameters) = Where(query, now);
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            $"SELECT COUNT(*) FROM (SELECT 1 FROM workflow_human_task t WHERE {where} LIMIT @limit) AS counted", [.. parameters, ("limit", MaxCounted)]);
        return Convert.ToInt32(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }

    /// <summary>The teams that open tasks name.</summary>
    public async Task<List<string>> TeamsAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Teams, ("limit", MaxTeams));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var teams = new List<string>();
        while (await reader.ReadAsync(ct))
        {
            teams.Add(reader.GetString(0));
        }

        return teams;
    }

    private static (string Where, List<(string, object?)> Parameters) Where(HumanTaskQuery query, DateTimeOffset now)
    {
        var parameters = new List<(string, object?)> { ("open", query.IsOpen ? 1L : 0L) };
        var where = "t.is_open = @open";
        if (query.Namespace.Length > 0)
        {
            where += " AND t.name = @name";
            parameters.Add(("name", query.Namespace));
        }

        if (query.Decider is { } decider)
        {
            var names = decider.Subjects.Select((subject, i) => ($"s{i}", (object?)subject)).ToList();
            where += $"""
                 AND EXISTS (SELECT 1 FROM workflow_human_subject s WHERE s.run = t.run AND s.event = t.event AND s.from_at <= @now
                  AND s.subject IN ({string.Join(", ", names.Select(n => $"@{n.Item1}"))}))
                 AND NOT EXISTS (SELECT 1 FROM workflow_human_subject s WHERE s.run = t.run AND s.event = t.event AND s.subject = @barred)
                """;
            parameters.AddRange([.. names, ("now", Micros.From(now)), ("barred", HumanTaskRows.Barred(decider.Name))]);
        }

        return (where, parameters);
    }

    private static async Task<List<HumanTaskRow>> RowsAsync(DbCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<HumanTaskRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(Row(reader));
        }

        return rows;
    }

    private static HumanTaskRow Row(DbDataReader reader) => new(
        reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetString(6),
        (HumanTaskPhase)reader.GetInt64(7), Micros.ToTime(reader.GetInt64(8)), Micros.ToTime(reader.GetInt64(9)), Read<HumanRequest>(reader.GetString(10)),
        Read<HumanTaskLive>(reader.GetString(11)), reader.GetString(12) is { Length: > 0 } outcome ? Read<HumanDecision>(outcome) : null);

    private static T Read<T>(string text) => JsonSerializer.Deserialize<T>(text, HumanDecision.Json)!;
}
