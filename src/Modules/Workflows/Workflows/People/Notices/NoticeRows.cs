using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.People.Notices;

/// <summary>What people are to be told, as part of the step that gives the cause. Pure.</summary>
internal static class NoticeRows
{
    private const string PutOne = """
        INSERT INTO workflow_human_notice (run, event, kind, channel, at) VALUES (@run, @event, @kind, @channel, @at)
        ON CONFLICT (run, event, kind, channel) DO UPDATE SET at = excluded.at
        """;

    private const string Drop = "DELETE FROM workflow_human_notice WHERE run = @run AND event = @event AND kind = @kind AND channel = @channel";

    private const string DropTask = "DELETE FROM workflow_human_notice WHERE run = @run AND event = @event";

    private const string DropRun = "DELETE FROM workflow_human_notice WHERE run = @run";

    /// <summary>What a step changes of them; nothing where nobody is told.</summary>
    public static IEnumerable<SqlStatement> Of(RunChange change, IReadOnlyList<NoticeChannel> channels)
    {
        if (channels.Count == 0)
        {
            yield break;
        }

        var (run, now) = (change.Run.RunId, change.Wall);
        foreach (var id in change.People.Order())
        {
            foreach (var statement in change.Run.Activities.TryGetValue(id, out var activity)
                ? Put(run, id, Times(activity.Human, change), channels)
                : Over(run, id, HumanTaskRows.PhaseAtEnd(change, id) == HumanTaskPhase.Decided, now, channels))
            {
                yield return statement;
            }
        }

        if (change.EndsPeople)
        {
            yield return new SqlStatement(DropRun, ("run", run));
        }
    }

    /// <summary>Of a task that was just asked.</summary>
    public static IEnumerable<SqlStatement> Asked(string run, long id, HumanTaskState task, DateTimeOffset now, IReadOnlyList<NoticeChannel> channels) =>
        Put(run, id, Times(task, now), channels);

    public static IEnumerable<SqlStatement> Delegated(string run, long id, DateTimeOffset now, IReadOnlyList<NoticeChannel> channels) =>
        Put(run, id, [(NoticeKind.Delegated, now)], channels);

    /// <summary>Of a task that is over: what was to be told of it is told no more, but for a decision.</summary>
    public static IEnumerable<SqlStatement> Over(string run, long id, bool isDecided, DateTimeOffset now, IReadOnlyList<NoticeChannel> channels) =>
        channels.Count == 0 ? []
        : [new SqlStatement(DropTask, ("run", run), ("event", id)), .. isDecided ? Put(run, id, [(NoticeKind.Decided, now)], channels) : []];

    /// <summary>When what is to be told is told.</summary>
    public static IEnumerable<DueChange> Due(RunChange change, IReadOnlyList<NoticeChannel> channels) =>
        change.People.SelectMany(id => Due(change.Run.RunId, id, change.Wall, channels));

    public static IEnumerable<DueChange> Due(string run, long id, DateTimeOffset now, IReadOnlyList<NoticeChannel> channels) =>
        channels.Count == 0 ? [] : [new DueChange(NoticeGrain.Controller, NoticeGrain.KeyOf(run, id), now)];

    public static SqlStatement Remove(string runId) => new(DropRun, ("run", runId));

    public static SqlStatement Remove(string runId, long eventId, Notice notice) =>
        new(Drop, ("run", runId), ("event", eventId), ("kind", (long)notice.Kind), ("channel", (long)notice.Channel));

    /// <summary>Of a task that was just asked, or delegated; nothing of one that changes otherwise.</summary>
    private static IEnumerable<(NoticeKind Kind, DateTimeOffset At)> Times(HumanTaskState? task, RunChange change) =>
    [
        .. change.Act is { Verb: CallerAct.Delegate } ? [(NoticeKind.Delegated, change.Wall)] : Array.Empty<(NoticeKind, DateTimeOffset)>(),
        .. task is { Request: not null } ? Times(task, change.Wall) : [],
    ];

    private static IEnumerable<(NoticeKind Kind, DateTimeOffset At)> Times(HumanTaskState task, DateTimeOffset now)
    {
        yield return (NoticeKind.Asked, now);
        if (task.RemindAfter is { } remind)
        {
            yield return (NoticeKind.Reminder, now + remind);
        }

        if (task.EscalateAfter is { } escalate)
        {
            yield return (NoticeKind.Escalated, now + escalate);
        }
    }

    private static IEnumerable<SqlStatement> Put(
        string run, long id, IEnumerable<(NoticeKind Kind, DateTimeOffset At)> times, IReadOnlyList<NoticeChannel> channels) =>
        from time in times
        from channel in channels
        select new SqlStatement(
            PutOne, ("run", run), ("event", id), ("kind", (long)time.Kind), ("channel", (long)channel), ("at", Micros.From(time.At)));
}

/// <summary>Something that one channel is to be told, from a time on.</summary>
internal sealed record Notice(NoticeKind Kind, NoticeChannel Channel, DateTimeOffset At);
