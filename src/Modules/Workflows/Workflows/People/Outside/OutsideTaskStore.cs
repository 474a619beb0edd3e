using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.People.Notices;

namespace Flagstone.Workflows.People.Outside;

/// <summary>A task of which the server elsewhere does not have the end yet.</summary>
/// <param name="Heartbeat">How often the server must hear of it; zero for never.</param>
internal sealed record OutsideTask(HumanTaskRow Row, TimeSpan Heartbeat);

/// <summary>
/// The tasks of runs at the server elsewhere, as stored. A row of their own stands as long as the server does not have the end: beside an open task, and
/// beside a decision until it was told.
/// </summary>
internal sealed class OutsideTaskStore(PlatformDatabase database, LedgerWriter writer, HumanTaskStore tasks, NoticeOptions notices, TimeProvider clock)
{
    /// <summary>As many activities as a run has at once on Temporal's server.</summary>
    private const int MaxOfRun = 2_000;

    private const string OfRun = "SELECT event, heartbeat FROM workflow_human_outside WHERE run = @run ORDER BY event LIMIT @limit";

    private const string Runs = "SELECT DISTINCT run FROM workflow_human_outside WHERE run > @after ORDER BY run LIMIT @limit";

    private const string Put = "INSERT INTO workflow_human_outside (run, event, heartbeat) VALUES (@run, @event, @heartbeat)";

    private const string Drop = "DELETE FROM workflow_human_outside WHERE run = @run AND event = @event";

    private const string DropTask = "DELETE FROM workflow_human_task WHERE run = @run AND event = @event";

    private const string IsNotThere = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM workflow_human_outside WHERE run = @run AND event = @event)";

    private const string IsThere = "SELECT 1 FROM workflow_human_outside WHERE run = @run AND event = @event";

    private const string IsOpen = "SELECT 1 FROM workflow_human_task WHERE run = @run AND event = @event AND is_open = 1";

    /// <summary>A decision that came too late is none.</summary>
    private const string TakeBack = "UPDATE workflow_human_task SET state = @state, at = @at, outcome = '' WHERE run = @run AND event = @event";

    private const string Prune = """
        DELETE FROM workflow_human_task WHERE namespace = '' AND is_open = 0 AND at < @before
          AND NOT EXISTS (SELECT 1 FROM workflow_human_outside o WHERE o.run = workflow_human_task.run AND o.event = workflow_human_task.event)
        """;

    private const string Origin = "temporal";

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>Of one run, by the order in which they were scheduled.</summary>
    public async Task<List<OutsideTask>> UnderWayAsync(string runId, CancellationToken ct)
    {
        var found = new List<(long Event, TimeSpan Heartbeat)>();
        await using (var connection = await database.OpenAsync(ct))
        {
            await using var command = connection.Command(OfRun, ("run", runId), ("limit", MaxOfRun));
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                found.Add((reader.GetInt64(0), TimeSpan.FromMicroseconds(reader.GetInt64(1))));
            }
        }

        var under = new List<OutsideTask>();
        foreach (var (id, heartbeat) in found)
        {
            if (await tasks.FindAsync(runId, id, ct) is { } row)
            {
                under.Add(new OutsideTask(row, heartbeat));
            }
        }

        return under;
    }

    /// <summary>A page of the runs that have any.</summary>
    public async Task<List<string>> RunsAsync(string after, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Runs, ("after", after), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var runs = new List<string>();
        while (await reader.ReadAsync(ct))
        {
            runs.Add(reader.GetString(0));
        }

        return runs;
    }

    /// <summary>Opens a task, anew where one of the same activity was taken for over. Nothing where it is under way already.</summary>
    public Task AskAsync(HumanTaskRow row, TimeSpan heartbeat, DateTimeOffset? look, CancellationToken ct)
    {
        var task = row.Standing.Task;
        return CommitAsync(row, IsNotThere, new Unit
        {
            Actor = Author, Origin = Origin, Background = true,
            Sql =
            [
                new(DropTask, ("run", row.RunId), ("event", row.EventId)), HumanTaskRows.Asked(row),
                .. HumanTaskRows.Named(row.RunId, row.EventId, task, row.Starter, row.Live.ScheduledAt),
                new(Put, ("run", row.RunId), ("event", row.EventId), ("heartbeat", (long)heartbeat.TotalMicroseconds)),
                .. NoticeRows.Asked(row.RunId, row.EventId, task, row.At, notices.Channels),
            ],
            Due =
            [
                .. NoticeRows.Due(row.RunId, row.EventId, row.At, notices.Channels),
                .. look is null ? [] : (DueChange[])[new DueChange(OutsideRunGrain.Controller, row.RunId, look)],
            ],
        }, ct);
    }

    /// <summary>Records a decision, which the server is told next. False when the task is not open any more.</summary>
    public Task<bool> DecideAsync(HumanTaskRow row, HumanDecision made, HumanCall call, CancellationToken ct) => CommitAsync(row, IsOpen, new Unit
    {
        Actor = new Actor(call.Actor), Origin = call.Origin, Reason = $"{call.Choice}: {call.Reason}", Notes = [Note(row, CallerAct.Decide)],
        Sql =
        [
            .. HumanTaskRows.Ended(row.RunId, row.EventId, HumanTaskPhase.Decided, made.At, made),
            .. NoticeRows.Over(row.RunId, row.EventId, false, made.At, notices.Channels),
        ],
        Due = [new DueChange(OutsideRunGrain.Controller, row.RunId, made.At)],
    }, ct);

    public Task<bool> DelegateAsync(HumanTaskRow row, Delegation made, HumanCall call, CancellationToken ct)
    {
        var live = row.Live with { Delegations = [.. row.Live.Delegations, made] };
        return CommitAsync(row, IsOpen, new Unit
        {
            Actor = new Actor(call.Actor), Origin = call.Origin, Reason = $"to {made.To}: {call.Reason}", Notes = [Note(row, CallerAct.Delegate)],
            Sql =
            [
                .. Live(row, live), .. NoticeRows.Delegated(row.RunId, row.EventId, made.At, notices.Channels),
            ],
            Due = [.. NoticeRows.Due(row.RunId, row.EventId, made.At, notices.Channels)],
        }, ct);
    }

    /// <param name="paused">As <see cref="HumanTaskLive.Paused"/>.</param>
    public Task PauseAsync(HumanTaskRow row, string paused, CancellationToken ct) => CommitAsync(row, IsOpen, new Unit
    {
        Actor = Author, Origin = Origin, Background = true, Sql = [.. Live(row, row.Live with { Paused = paused })],
    }, ct);

    /// <summary>The server has the decision.</summary>
    public Task ToldAsync(HumanTaskRow row, CancellationToken ct) => CommitAsync(row, IsThere, new Unit
    {
        Actor = Author, Origin = Origin, Background = true,
        Sql = [new(Drop, ("run", row.RunId), ("event", row.EventId)), .. NoticeRows.Over(row.RunId, row.EventId, true, clock.GetUtcNow(), notices.Channels)],
        Due = [.. NoticeRows.Due(row.RunId, row.EventId, clock.GetUtcNow(), notices.Channels)],
    }, ct);

    /// <summary>The activity ended otherwise at the server. A decision that it did not get is taken back, which the ledger keeps.</summary>
    /// <param name="isKnown">False where the server has deleted the run: then it may have got the decision.</param>
    public Task SettleAsync(HumanTaskRow row, HumanTaskPhase phase, bool isKnown, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (run, id) = (("run", (object?)row.RunId), ("event", (object?)row.EventId));
        return CommitAsync(row, IsThere, new Unit
        {
            Actor = Author, Origin = Origin, Background = true,
            Reason = row.Outcome is not { } lost ? ""
                : !isKnown ? $"whether '{lost.Decision}' by {lost.By} reached the workflow is not known: its run was deleted meanwhile"
                : $"'{lost.Decision}' by {lost.By} did not reach the workflow: {HumanTasks.Over(row with { Phase = phase, At = now }).Why}",
            Notes = row.Outcome is null ? [] : [Note(row, "undelivered")],
            Sql =
            [
                new(Drop, run, id), .. HumanTaskRows.Ended(row.RunId, row.EventId, phase, now, null),
                .. row.Outcome is null ? [] : (SqlStatement[])[new(TakeBack, run, id, ("state", (long)phase), ("at", Micros.From(now)))],
                .. row.Outcome is null ? NoticeRows.Over(row.RunId, row.EventId, false, now, notices.Channels) : [],
            ],
        }, ct);
    }

    /// <summary>Forgets those that were over before a time. What was decided is in the ledger.</summary>
    public Task PruneAsync(DateTimeOffset before, CancellationToken ct) => writer.CommitAsync(
        new Unit { Actor = Author, Origin = Origin, Background = true, Sql = [new(Prune, ("before", Micros.From(before)))] }, ct);

    private static IEnumerable<SqlStatement> Live(HumanTaskRow row, HumanTaskLive live) =>
    [
        HumanTaskRows.Changed(row.RunId, row.EventId, live),
        .. HumanTaskRows.Named(row.RunId, row.EventId, (row with { Live = live }).Standing.Task, row.Starter, live.ScheduledAt),
    ];

    /// <summary>The run has no uid of a namespace here: the ledger's key has the name, as other acts at the server elsewhere do.</summary>
    private static LedgerNote Note(HumanTaskRow row, string verb) => new(Evidence.Key(row.NamespaceName, row.RunId), verb, "");

    private async Task<bool> CommitAsync(HumanTaskRow row, string guard, Unit unit, CancellationToken ct) => await writer.CommitAsync(unit with
    {
        Guards = [new Guard("human-task", new SqlStatement(guard, ("run", row.RunId), ("event", row.EventId)))], Scope = $"human:{row.RunId}",
    }, ct) is Committed;
}
