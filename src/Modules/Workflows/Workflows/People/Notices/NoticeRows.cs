using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.People.Notices;

/// <summary>What people are to be told, as part of the step that gives the cause. Pure.</summary>
internal static class NoticeRows
{
    private const string Put = """
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

        foreach (var id in change.People.Order())
        {
            if (change.Run.Activities.TryGetValue(id, out var activity))
            {
                foreach (var (kind, at) in Times(activity.Human, change))
                {
                    foreach (var channel in channels)
                    {
                        yield return One(change, id, kind, channel, at);
                    }
                }

                continue;
            }

            yield return new SqlStatement(DropTask, ("run", change.Run.RunId), ("event", id));
            foreach (var channel in HumanTaskRows.PhaseAtEnd(change, id) == HumanTaskPhase.Decided ? channels : [])
            {
                yield return One(change, id, NoticeKind.Decided, channel, change.Wall);
            }
        }

        if (change.EndsPeople)
        {
            yield return new SqlStatement(DropRun, ("run", change.Run.RunId));
        }
    }

    /// <summary>When what is to be told is told.</summary>
    public static IEnumerable<DueChange> Due(RunChange change, IReadOnlyList<NoticeChannel> channels) =>
        channels.Count == 0 ? [] : change.People.Select(id => new DueChange(NoticeGrain.Controller, NoticeGrain.KeyOf(change.Run.RunId, id), change.Wall));

    public static SqlStatement Remove(string runId) => new(DropRun, ("run", runId));

    public static SqlStatement Remove(string runId, long eventId, Notice notice) =>
        new(Drop, ("run", runId), ("event", eventId), ("kind", (long)notice.Kind), ("channel", (long)notice.Channel));

    /// <summary>Of a task that was just asked, or delegated; nothing of one that changes otherwise.</summary>
    private static IEnumerable<(NoticeKind Kind, DateTimeOffset At)> Times(HumanTaskState? task, RunChange change)
    {
        var now = change.Wall;
        if (change.Act is { Verb: CallerAct.Delegate })
        {
            yield return (NoticeKind.Delegated, now);
        }

        if (task is not { Request: not null })
        {
            yield break;
        }

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

    private static SqlStatement One(RunChange change, long id, NoticeKind kind, NoticeChannel channel, DateTimeOffset at) =>
        new(Put, ("run", change.Run.RunId), ("event", id), ("kind", (long)kind), ("channel", (long)channel), ("at", Micros.From(at)));
}

/// <summary>Something that one channel is to be told, from a time on.</summary>
internal sealed record Notice(NoticeKind Kind, NoticeChannel Channel, DateTimeOffset At);
