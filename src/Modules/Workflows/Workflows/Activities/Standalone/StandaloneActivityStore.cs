using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Activities.Standalone;

/// <summary>An activity as stored, with the version of its id's commits and what started it.</summary>
internal sealed record StoredActivity(long Version, byte[] State, byte[] Request);

/// <summary>A step of an activity beside its state.</summary>
/// <param name="Before">The activity that was there; empty for none. Where the id is used again, it goes.</param>
/// <param name="Request">What started it, for its first step; null else.</param>
/// <param name="Task">What waits for a worker; null for nothing.</param>
/// <param name="Due">When it is to be looked at next; null for never.</param>
/// <param name="IsShown">Whether what lists show is another thing.</param>
/// <param name="Act">Who does it, and why; null where no reason was given.</param>
internal sealed record ActivityStep(string Before, byte[]? Request, QueuedTask? Task, DateTimeOffset? Due, bool IsShown, CallerAct? Act = null);

/// <summary>Activities that clients started in the database. A step is one unit: state, task, what lists show, and wake-up.</summary>
internal sealed class StandaloneActivityStore(PlatformDatabase database, LedgerWriter writer)
{
    /// <summary>The controller that the due index wakes.</summary>
    public const string Controller = "workflow-activity";

    private const string One = "SELECT version, state, request FROM workflow_activity WHERE namespace = @ns AND activity = @activity";

    private const string IsAbsent = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM workflow_activity WHERE namespace = @ns AND activity = @activity)";

    /// <summary>The run too: the versions of an id that was deleted begin anew.</summary>
    private const string IsVersion = """
        SELECT 1 FROM workflow_activity WHERE namespace = @ns AND activity = @activity AND version = @version AND run = @run
        """;

    private const string Put = """
        INSERT INTO workflow_activity (namespace, activity, run, version, request, state) VALUES (@ns, @activity, @run, @version, @request, @state)
        ON CONFLICT (namespace, activity) DO UPDATE SET run = excluded.run, version = excluded.version, request = excluded.request, state = excluded.state
        """;

    /// <summary>Its input is not written again.</summary>
    private const string Change = "UPDATE workflow_activity SET version = @version, state = @state WHERE namespace = @ns AND activity = @activity";

    private const string Drop = "DELETE FROM workflow_activity WHERE namespace = @ns AND activity = @activity";

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>As the ledger names such activities; they are no resources. The name is the run id.</summary>
    private static readonly KindId Kind = new("workflowactivities", "workflows.flagstone.dev");

    /// <summary>The last activity of an id; null for none.</summary>
    public async Task<StoredActivity?> FindAsync(ActivityKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(One, ("ns", key.Namespace), ("activity", key.ActivityId));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new StoredActivity(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2)) : null;
    }

    /// <summary>Commits a step. False when someone else has committed since the version was read.</summary>
    /// <param name="version">What the step was decided on; 0 for no activity of the id.</param>
    /// <param name="attributes">By which lists find it.</param>
    public async Task<bool> CommitAsync(
        ActivityKey key, long version, StandaloneActivity state, byte[] body, SearchAttributes? attributes, ActivityStep step, CancellationToken ct)
    {
        var activity = state.Activity;
        List<SqlStatement> sql = [];
        if (step.Before.Length > 0 && step.Before != state.RunId)
        {
            sql.Add(TaskRows.Drop(step.Before));
            sql.AddRange(VisibilityRows.Remove(step.Before));
        }

        sql.Add(step.Request is { } request
            ? new SqlStatement(
                Put, ("ns", key.Namespace), ("activity", key.ActivityId), ("run", state.RunId), ("version", version + 1), ("request", request), ("state", body))
            : new SqlStatement(Change, ("ns", key.Namespace), ("activity", key.ActivityId), ("version", version + 1), ("state", body)));
        sql.Add(step.Task is { } task ? TaskRows.Put(QueueOf(key, activity.Queue), task) : TaskRows.Drop(state.RunId, TaskKind.Activity, activity.ScheduledId));
        if (step.IsShown)
        {
            sql.AddRange(VisibilityRows.Entry(
                ActivityKey.ListOf(key.Namespace), state.RunId, key.ActivityId, activity.Type, activity.Queue, state.CreatedAt,
                attributes ?? new SearchAttributes(), StandaloneActivityViews.Listed(state, attributes).ToByteArray(), StatusOf(state.Status), state.ClosedAt));
        }

        return await writer.CommitAsync(UnitOf(key, version, step.Before, sql, new DueChange(Controller, key.ToString(), step.Due), step.Act), ct) is Committed;
    }

    /// <summary>Deletes an activity. False when someone else has committed since the version was read.</summary>
    /// <param name="act">Who deletes it, and why; null where no reason was given.</param>
    public async Task<bool> DeleteAsync(ActivityKey key, long version, string run, CallerAct? act, CancellationToken ct)
    {
        List<SqlStatement> sql =
        [
            new(Drop, ("ns", key.Namespace), ("activity", key.ActivityId)), TaskRows.Drop(run), .. VisibilityRows.Remove(run),
        ];
        return await writer.CommitAsync(UnitOf(key, version, run, sql, new DueChange(Controller, key.ToString(), null), act), ct) is Committed;
    }

    public static TaskQueueKey QueueOf(ActivityKey key, string queue) => new(key.Namespace, TaskKind.Activity, queue);

    /// <summary>As the rows of runs have it, which lists ask by its name.</summary>
    private static WorkflowExecutionStatus StatusOf(ActivityExecutionStatus status) => System.Enum.Parse<WorkflowExecutionStatus>(status.ToString());

    private static Unit UnitOf(ActivityKey key, long version, string run, IReadOnlyList<SqlStatement> sql, DueChange due, CallerAct? act) => new()
    {
        Actor = act is null ? Author : new Actor(act.Actor),
        Origin = act?.Origin ?? "temporal",
        Notes = act is null ? [] : [new LedgerNote(new ResourceKey(Kind, key.Namespace, run), act.Verb, "")],
        Reason = act is null ? "" : $"{act.Reason}; activity {key.ActivityId}",
        Guards = [new Guard("activity-version", version == 0
            ? new SqlStatement(IsAbsent, ("ns", key.Namespace), ("activity", key.ActivityId))
            : new SqlStatement(IsVersion, ("ns", key.Namespace), ("activity", key.ActivityId), ("run", run), ("version", version)))],
        Scope = $"activity:{key}",
        Sql = sql,
        Due = [due],
    };
}
