using System.Security.Cryptography;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;

namespace Flagstone.Workflows.Schedules;

/// <summary>A schedule as stored, with the version of its commits.</summary>
internal sealed record StoredSchedule(long Version, byte[] State);

/// <summary>A step of a schedule beside its state.</summary>
internal sealed record ScheduleStep
{
    /// <summary>What was done, for the ledger: <c>create</c>, <c>update</c>, <c>patch</c> or <c>delete</c>; empty for what time did.</summary>
    public string Verb { get; init; } = "";

    /// <summary>Who did it, as the ledger names them; empty for the server itself.</summary>
    public string Actor { get; init; } = "";

    /// <summary>Why, in their words; empty where they gave no reason.</summary>
    public string Why { get; init; } = "";

    /// <summary>When it is to be looked at next; null for never.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>A message that the step answers.</summary>
    public OutboxKey? Settles { get; init; }

    /// <summary>Whether what lists show is another thing.</summary>
    public bool IsShown { get; init; }
}

/// <summary>Schedules in the database. A step is one unit: state, what lists show, wake-up and the message that it answers.</summary>
internal sealed class ScheduleStore(PlatformDatabase database, LedgerWriter writer)
{
    /// <summary>The controller that the due index wakes.</summary>
    public const string Controller = "workflow-schedule";

    private const string One = "SELECT version, state FROM workflow_schedule WHERE namespace = @ns AND schedule = @schedule";

    private const string IsAbsent = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM workflow_schedule WHERE namespace = @ns AND schedule = @schedule)";

    private const string IsVersion = """
        SELECT 1 FROM workflow_schedule WHERE namespace = @ns AND schedule = @schedule AND uid = @uid AND version = @version
        """;

    private const string Put = """
        INSERT INTO workflow_schedule (namespace, schedule, uid, version, state) VALUES (@ns, @schedule, @uid, @version, @state)
        ON CONFLICT (namespace, schedule) DO UPDATE SET version = excluded.version, state = excluded.state
        """;

    private const string Drop = "DELETE FROM workflow_schedule WHERE namespace = @ns AND schedule = @schedule";

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>As the ledger names schedules; they are no resources. The name is the uid.</summary>
    private static readonly KindId Kind = new("workflowschedules", "workflows.flagstone.dev");

    /// <summary>A schedule; null for none.</summary>
    public async Task<StoredSchedule?> FindAsync(ScheduleKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(One, ("ns", key.Namespace), ("schedule", key.ScheduleId));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new StoredSchedule(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : null;
    }

    /// <summary>Commits a step. False when someone else has committed since the version was read.</summary>
    /// <param name="version">What the step was decided on; 0 for no schedule.</param>
    public async Task<bool> CommitAsync(ScheduleKey key, long version, ScheduleState state, byte[] body, ScheduleStep step, CancellationToken ct)
    {
        List<SqlStatement> sql =
        [
            new(Put, ("ns", key.Namespace), ("schedule", key.ScheduleId), ("uid", state.Uid), ("version", version + 1), ("state", body)),
        ];
        if (step.IsShown)
        {
            var action = state.Schedule.Action.StartWorkflow;
            sql.AddRange(VisibilityRows.Entry(
                ScheduleKey.ListOf(key.Namespace), state.Uid, key.ScheduleId, action.WorkflowType.Name, action.TaskQueue.Name, state.CreatedAt,
                ScheduleViews.Attributes(state), ScheduleViews.Entry(state).ToByteArray()));
        }

        if (step.Settles is { } message)
        {
            sql.Add(OutboxStore.Drop(message));
        }

        return await writer.CommitAsync(UnitOf(key, version, state, step, sql), ct) is Committed;
    }

    /// <summary>Deletes a schedule; its runs go on. False when someone else has committed since the version was read.</summary>
    public async Task<bool> DeleteAsync(ScheduleKey key, long version, ScheduleState state, string actor, string why, CancellationToken ct)
    {
        List<SqlStatement> sql = [new(Drop, ("ns", key.Namespace), ("schedule", key.ScheduleId)), .. VisibilityRows.Remove(state.Uid)];
        return await writer.CommitAsync(UnitOf(key, version, state, new ScheduleStep { Verb = "delete", Actor = actor, Why = why }, sql), ct) is Committed;
    }

    private static Unit UnitOf(ScheduleKey key, long version, ScheduleState state, ScheduleStep step, IReadOnlyList<SqlStatement> sql) => new()
    {
        Actor = step.Actor.Length > 0 ? new Actor(step.Actor) : Author,
        Origin = "temporal",
        Notes = step.Verb.Length == 0 ? [] : [new LedgerNote(new ResourceKey(Kind, key.Namespace, state.Uid), step.Verb, DigestOf(state))],
        Reason = step.Verb.Length == 0 ? "" : $"{(step.Why.Length > 0 ? $"{step.Why}; " : "")}{(state.IsPaused ? "paused" : "active")}; schedule {key.ScheduleId}",
        Guards = [new Guard("schedule-version", version == 0
            ? new SqlStatement(IsAbsent, ("ns", key.Namespace), ("schedule", key.ScheduleId))
            : new SqlStatement(IsVersion, ("ns", key.Namespace), ("schedule", key.ScheduleId), ("uid", state.Uid), ("version", version)))],
        Scope = $"schedule:{key}",
        Sql = sql,
        Due = [new DueChange(Controller, key.ToString(), step.Due)],
    };

    /// <summary>Of the schedule as it is kept.</summary>
    private static string DigestOf(ScheduleState state) => Convert.ToHexStringLower(SHA256.HashData(state.Schedule.ToByteArray()));
}
