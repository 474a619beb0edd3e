using System.Data.Common;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Discarding;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.People;
using Flagstone.Workflows.People.Notices;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>A run as stored, with the version of its workflow id's commits.</summary>
internal sealed record StoredRun(long Version, byte[] State);

/// <summary>Executions in the database. A step is one unit: events, state, tasks, visibility and wake-up commit together or not at all.</summary>
internal sealed class ExecutionStore(PlatformDatabase database, LedgerWriter writer, NoticeOptions notices)
{
    /// <summary>The controller that the due index wakes.</summary>
    public const string Controller = "workflow-execution";

    private const string Current = """
        SELECT e.version, r.state FROM workflow_execution e JOIN workflow_run r ON r.run = e.run WHERE e.namespace = @ns AND e.workflow = @workflow
        """;

    private const string OneRun = "SELECT state FROM workflow_run WHERE run = @run AND namespace = @ns AND workflow = @workflow";

    private const string RunOfNamespace = "SELECT state FROM workflow_run WHERE run = @run AND namespace = @ns";

    private const string Events = "SELECT body FROM workflow_event WHERE run = @run AND id >= @first AND id <= @last ORDER BY id LIMIT @limit";

    /// <summary>The run too: the versions of an id whose runs were deleted begin anew.</summary>
    private const string IsVersion = """
        SELECT 1 FROM workflow_execution WHERE namespace = @ns AND workflow = @workflow AND version = @version AND run = @current
        """;

    private const string Reverse = "SELECT body FROM workflow_event WHERE run = @run AND id >= @first AND id <= @last ORDER BY id DESC LIMIT @limit";

    private const string IsAbsent = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM workflow_execution WHERE namespace = @ns AND workflow = @workflow)";

    private const string PutCurrent = """
        INSERT INTO workflow_execution (namespace, workflow, run, version) VALUES (@ns, @workflow, @run, @version)
        ON CONFLICT (namespace, workflow) DO UPDATE SET run = excluded.run, version = excluded.version
        """;

    private const string PutRun = """
        INSERT INTO workflow_run (run, namespace, workflow, type, queue, status, start_at, close_at, next_event, state)
        VALUES (@run, @ns, @workflow, @type, @queue, @status, @start, @close, @next, @state)
        ON CONFLICT (run) DO UPDATE SET status = excluded.status, close_at = excluded.close_at, next_event = excluded.next_event, state = excluded.state
        """;

    private const string PutEvent = "INSERT INTO workflow_event (run, id, body) VALUES (@run, @id, @body)";

    private const string CopyEvents = """
        INSERT INTO workflow_event (run, id, body) SELECT @run, id, body FROM workflow_event WHERE run = @base AND id <= @last
        """;

    private const string IsThere = "SELECT 1 FROM workflow_run WHERE run = @run";

    private const string Newest = """
        SELECT run FROM workflow_run WHERE namespace = @ns AND workflow = @workflow AND run <> @run ORDER BY start_at DESC, run DESC LIMIT 1
        """;

    private const string DropRun = "DELETE FROM workflow_run WHERE run = @run";

    private const string DropCurrent = "DELETE FROM workflow_execution WHERE namespace = @ns AND workflow = @workflow";

    /// <summary>A message that is still there after so long was not delivered at once.</summary>
    private static readonly TimeSpan Undelivered = TimeSpan.FromSeconds(2);

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>The current run of a workflow id; null for none.</summary>
    public async Task<StoredRun?> FindCurrentAsync(ExecutionKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Current, ("ns", key.Namespace), ("workflow", key.WorkflowId));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new StoredRun(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : null;
    }

    /// <summary>A run of a workflow id; without a run id the current one. Null for none.</summary>
    public async Task<RunState?> FindRunAsync(ExecutionKey key, string runId, CancellationToken ct)
    {
        if (runId.Length == 0)
        {
            return await FindCurrentAsync(key, ct) is { } current ? StateCodec.Read(current.State) : null;
        }

        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(OneRun, ("run", runId), ("ns", key.Namespace), ("workflow", key.WorkflowId));
        return await command.ExecuteScalarAsync(ct) is byte[] state ? StateCodec.Read(state) : null;
    }

    /// <summary>A run of a namespace, whatever its workflow id. Null for none.</summary>
    /// <param name="ns">The namespace's uid.</param>
    public async Task<RunState?> FindRunAsync(string ns, string runId, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(RunOfNamespace, ("run", runId), ("ns", ns));
        return await command.ExecuteScalarAsync(ct) is byte[] state ? StateCodec.Read(state) : null;
    }

    /// <summary>Events in order, both ends included; as many as fit.</summary>
    /// <param name="isReverse">The last one first.</param>
    public async Task<List<HistoryEvent>> EventsAsync(string runId, long first, long last, int limit, long bytes, CancellationToken ct, bool isReverse = false)
    {
        var bodies = await BodiesAsync(runId, first, last, limit, bytes, ct, isReverse);
        return [.. bodies.Select(HistoryEvent.Parser.ParseFrom)];
    }

    /// <summary>As <see cref="EventsAsync"/>, each one as it is stored.</summary>
    public async Task<List<byte[]>> BodiesAsync(string runId, long first, long last, int limit, long bytes, CancellationToken ct, bool isReverse = false)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(isReverse ? Reverse : Events, ("run", runId), ("first", first), ("last", last), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var bodies = new List<byte[]>();
        while (bytes > 0 && await reader.ReadAsync(ct))
        {
            var body = reader.GetFieldValue<byte[]>(0);
            bytes -= body.Length;
            bodies.Add(body);
        }

        return bodies;
    }

    /// <summary>Commits a step, or two where one run follows another. False when someone else has committed since the version was read.</summary>
    /// <param name="version">What the step was decided on; 0 for no run at all.</param>
    /// <param name="current">The run that was the current one then; empty for none.</param>
    /// <param name="steps">With each run's state as it is to be stored, the current run last.</param>
    public async Task<bool> CommitAsync(
        ExecutionKey key, long version, string current, IReadOnlyList<(RunChange Change, byte[] State)> steps, DueChange? due, CancellationToken ct)
    {
        var sql = new List<SqlStatement>
        {
            new(PutCurrent, ("ns", key.Namespace), ("workflow", key.WorkflowId), ("run", steps[^1].Change.Run.RunId), ("version", version + 1)),
        };
        foreach (var (change, state) in steps)
        {
            Add(sql, change, state);
            sql.AddRange(NoticeRows.Of(change, notices.Channels));
        }

        var closing = steps.Select(s => s.Change).FirstOrDefault(c => c.Closes);
        var unit = UnitOf(key, version, current, sql, [.. Due(key, steps, due), .. steps.SelectMany(s => NoticeRows.Due(s.Change, notices.Channels))], closing, Acts(steps));
        if (steps[^1].Change.Copied is { } copied)
        {
            // Its events may be taken away once it is gone.
            unit = unit with { Guards = [.. unit.Guards, new Guard("workflow-base", new SqlStatement(IsThere, ("run", copied.RunId)))] };
        }

        return await writer.CommitAsync(unit, ct) is Committed;
    }

    /// <summary>Deletes a closed run with its history, in one commit. False when someone else has committed since the version was read.</summary>
    /// <param name="current">The current run; where it is this one, the newest of the others becomes it.</param>
    /// <param name="act">Who deletes it, and why; null where no reason was given.</param>
    public async Task<bool> DeleteAsync(ExecutionKey key, long version, string current, RunState run, CallerAct? act, CancellationToken ct)
    {
        var sql = new List<SqlStatement>
        {
            new(DropRun, ("run", run.RunId)), TaskRows.Drop(run.RunId), DiscardStore.Events(run.RunId, run.NextEventId - 1),
        };
        sql.AddRange(VisibilityRows.Remove(run.RunId));
        sql.AddRange(HumanTaskRows.Remove(run.RunId));
        sql.Add(NoticeRows.Remove(run.RunId));
        if (current == run.RunId)
        {
            sql.Add(await NewestOtherAsync(key, run.RunId, ct) is { } other
                ? new SqlStatement(PutCurrent, ("ns", key.Namespace), ("workflow", key.WorkflowId), ("run", other), ("version", version + 1))
                : new SqlStatement(DropCurrent, ("ns", key.Namespace), ("workflow", key.WorkflowId)));
        }

        return await writer.CommitAsync(UnitOf(key, version, current, sql, [], acts: act is null ? [] : [(run, act)]), ct) is Committed;
    }

    /// <summary>Writes to the ledger what somebody asks of a run, where that is no step of the run yet.</summary>
    public Task RecordAsync(RunState run, CallerAct act, CancellationToken ct) => writer.CommitAsync(
        new Unit { Actor = new Actor(act.Actor), Origin = act.Origin, Reason = act.Reason, Notes = [Evidence.Note(run, act)] }, ct);

    private static (RunState Run, CallerAct Act)[] Acts(IReadOnlyList<(RunChange Change, byte[] State)> steps) =>
        [.. steps.Where(s => s.Change.Act is not null).Select(s => (s.Change.Run, s.Change.Act!))];

    /// <param name="closing">The step that ends a run, of which there is at most one; null for none. Its row's reason is how the run ended.</param>
    /// <param name="acts">What people gave a reason for.</param>
    private static Unit UnitOf(
        ExecutionKey key, long version, string current, IReadOnlyList<SqlStatement> sql, IReadOnlyList<DueChange> due, RunChange? closing = null,
        params (RunState Run, CallerAct Act)[] acts) => new()
    {
        Actor = closing is { Actor.Length: > 0 } ? new Actor(closing.Actor) : acts is [(_, var by), ..] ? new Actor(by.Actor) : Author,
        Notes = [.. closing is null ? [] : (LedgerNote[])[Evidence.Note(closing.Run)], .. acts.Select(a => Evidence.Note(a.Run, a.Act))],
        Reason = closing is not null ? Evidence.Reason(closing.Run) : acts is [(_, var why), ..] ? why.Reason : "",
        Origin = closing is null && acts is [(_, var first), ..] ? first.Origin : "temporal",
        Guards = [new Guard("workflow-version", version == 0
            ? new SqlStatement(IsAbsent, ("ns", key.Namespace), ("workflow", key.WorkflowId))
            : new SqlStatement(IsVersion, ("ns", key.Namespace), ("workflow", key.WorkflowId), ("version", version), ("current", current)))],
        Scope = $"workflow:{key}",
        Sql = sql,
        Due = due,
    };

    private async Task<string?> NewestOtherAsync(ExecutionKey key, string runId, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Newest, ("ns", key.Namespace), ("workflow", key.WorkflowId), ("run", runId));
        return await command.ExecuteScalarAsync(ct) as string;
    }

    /// <summary>Messages are delivered at once after the commit; the index finds those whose hint was lost with its process.</summary>
    private static IEnumerable<DueChange> Due(ExecutionKey key, IReadOnlyList<(RunChange Change, byte[] State)> steps, DueChange? due)
    {
        if (due is not null)
        {
            yield return due;
        }

        if (steps.FirstOrDefault(s => s.Change.Sent.Count > 0).Change is { } sender)
        {
            yield return new DueChange(OutboxStore.Controller, key.ToString(), sender.Wall + Undelivered);
        }

        if (steps[^1].Change is { CallsNexus: true, Run.IsRunning: true } caller)
        {
            yield return new DueChange(NexusCallerGrain.Controller, key.ToString(), caller.Wall + Undelivered);
        }
    }

    private static void Add(List<SqlStatement> sql, RunChange change, byte[] state)
    {
        var run = change.Run;
        sql.Add(new SqlStatement(
            PutRun, ("run", run.RunId), ("ns", run.Namespace), ("workflow", run.WorkflowId), ("type", run.Type), ("queue", run.TaskQueue), ("status", (long)run.Status),
            ("start", Micros.From(RunTime.WallAtStart(run, run.StartedAt))),
            ("close", run.ClosedAt is { } closed ? Micros.From(RunTime.Wall(run, closed)) : null), ("next", run.NextEventId), ("state", state)));
        if (change.Copied is { } copied)
        {
            sql.Add(new SqlStatement(CopyEvents, ("run", run.RunId), ("base", copied.RunId), ("last", copied.Last)));
        }

        foreach (var (id, body) in change.Stored)
        {
            sql.Add(new SqlStatement(PutEvent, ("run", run.RunId), ("id", id), ("body", body)));
        }

        sql.AddRange(change.Settled.Select(OutboxStore.Drop));
        sql.AddRange(change.Marked.Select(OutboxStore.Mark));
        sql.AddRange(change.Sent.Select(m => OutboxStore.Put(run, m, change.Wall)));
        sql.AddRange(VisibilityRows.Of(change));
        sql.AddRange(HumanTaskRows.Of(change));
        if (!run.IsRunning)
        {
            sql.Add(TaskRows.Drop(run.RunId));
            return;
        }

        sql.AddRange(change.Unqueued.Select(t => TaskRows.Drop(run.RunId, t.Kind, t.EventId)));
        sql.AddRange(change.Queued.Select(t => TaskRows.Put(t.Queue, t.Task)));
    }
}
