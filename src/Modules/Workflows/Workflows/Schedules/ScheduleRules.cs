using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Schedules.Specs;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Schedule.V1;

namespace Flagstone.Workflows.Schedules;

/// <summary>What time, people and ended runs do to a schedule. Pure. (Temporal's server: service/worker/scheduler/workflow.go.)</summary>
internal static class ScheduleRules
{
    /// <summary>Times that wait; more are dropped.</summary>
    public const int MaxBuffer = 1_000;

    public const int MaxBackfills = 100;
    public const int MaxRecent = 10;

    /// <summary>Starts that are on their way at once: they are made in one turn of a grain.</summary>
    public const int MaxStarting = 100;

    /// <summary>Runs that are followed to their end. A time that comes when so many are open is dropped.</summary>
    public const int MaxRunning = 1_000;

    /// <summary>Times that are dealt with in one step; the next step follows at once.</summary>
    private const int MaxTimes = 1_000;

    private static readonly TimeSpan UsualCatchup = TimeSpan.FromDays(365);
    private static readonly TimeSpan ShortestCatchup = TimeSpan.FromSeconds(10);

    /// <summary>Deals with all that is due.</summary>
    public static void Advance(ScheduleState state, ScheduleTimes times, DateTimeOffset now)
    {
        Pass(state, times, now);
        Refill(state, times);
        Overlapping.Decide(state, now);
    }

    /// <summary>When it is to be looked at again; null for never. A time that is over: at once.</summary>
    public static DateTimeOffset? Due(ScheduleState state, ScheduleTimes times)
    {
        if (state.Running.Exists(r => !r.IsStarted || (r.Stop != StopKind.None && !r.IsStopSent)) || (state.Backfills.Count > 0 && state.Buffer.Count < MaxBuffer))
        {
            return DateTimeOffset.MinValue;
        }

        DateTimeOffset? next = Overlapping.MayAct(state) ? times.Next(state.Processed)?.Nominal : null;
        foreach (var at in state.Buffer.Where(b => b.At > state.Processed).Select(b => b.At))
        {
            next = next is null || at < next ? at : next;
        }

        return next;
    }

    /// <summary>Triggers, backfills, pauses and unpauses. What was due before is dealt with already.</summary>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static string? Patch(ScheduleState state, SchedulePatch patch, DateTimeOffset now)
    {
        if (state.Backfills.Count + patch.BackfillRequest.Count > MaxBackfills)
        {
            return $"The schedule has more than {MaxBackfills} backfills under way. Wait for some of them.";
        }

        if (patch.TriggerImmediately is { } trigger)
        {
            var at = Whole(trigger.ScheduledTime?.ToDateTimeOffset() ?? now);
            Add(state, new BufferedStart(at, at > now ? now : at, trigger.OverlapPolicy, true));
        }

        foreach (var backfill in patch.BackfillRequest)
        {
            if (backfill.StartTime is null || backfill.EndTime is null || backfill.EndTime < backfill.StartTime)
            {
                return "A backfill needs a start time, and an end time that is not before it.";
            }

            // Both ends count.
            state.Backfills.Add(new Backfill(
                ScheduleTimes.Before(backfill.StartTime.ToDateTimeOffset()), backfill.EndTime.ToDateTimeOffset(), backfill.OverlapPolicy));
        }

        if (patch.Pause.Length > 0)
        {
            (state.Schedule.State.Paused, state.Schedule.State.Notes) = (true, patch.Pause);
        }

        if (patch.Unpause.Length > 0)
        {
            (state.Schedule.State.Paused, state.Schedule.State.Notes) = (false, patch.Unpause);
        }

        state.Revision++;
        return null;
    }

    /// <summary>Takes another schedule over: times that are over are not those of the new one.</summary>
    public static void Replace(ScheduleState state, Schedule schedule, DateTimeOffset now)
    {
        state.Schedule = schedule;
        state.UpdatedAt = now;
        state.Processed = state.Processed > now ? state.Processed : now;
        state.Revision++;
    }

    /// <summary>A run has been started, or could not be.</summary>
    public static void Started(ScheduleState state, ScheduledRun run, DateTimeOffset now)
    {
        run.IsStarted = true;
        (run.LastResult, run.LastFailure) = (null, null);
        state.Actions++;
        state.Recent.Add(new ScheduleActionResult
        {
            ScheduleTime = Timestamp.FromDateTimeOffset(run.At),
            ActualTime = Timestamp.FromDateTimeOffset(now),
            StartWorkflowResult = new WorkflowExecution { WorkflowId = run.WorkflowId, RunId = run.RunId },
            StartWorkflowStatus = WorkflowExecutionStatus.Running,
        });
        state.Recent.RemoveRange(0, Math.Max(0, state.Recent.Count - MaxRecent));
    }

    /// <summary>The last run of a chain has ended.</summary>
    /// <param name="last">Its last event.</param>
    /// <returns>Whether the chain is one of the schedule's that was not known to have ended.</returns>
    public static bool Closed(ScheduleState state, string firstRunId, HistoryEvent last, DateTimeOffset now)
    {
        if (state.Running.Find(r => r.RunId == firstRunId) is not { } run)
        {
            return false;
        }

        if (!run.IsStarted)
        {
            // The answer of its start was lost, or is behind this news.
            Started(state, run, now);
        }

        state.Running.Remove(run);
        var status = StatusOf(last);
        foreach (var result in state.Recent.Where(r => r.StartWorkflowResult.RunId == firstRunId))
        {
            result.StartWorkflowStatus = status;
        }

        Hand(state, status, last);
        if (state.Schedule.Policies.PauseOnFailure && !state.IsPaused && status is WorkflowExecutionStatus.Failed or WorkflowExecutionStatus.TimedOut)
        {
            state.Schedule.State.Paused = true;
            state.Schedule.State.Notes = $"paused due to workflow failure: {run.WorkflowId}: {state.LastFailure?.Message}";
            state.Revision++;
        }

        return true;
    }

    /// <summary>What the next run gets of this one.</summary>
    private static void Hand(ScheduleState state, WorkflowExecutionStatus status, HistoryEvent last)
    {
        switch (status)
        {
            case WorkflowExecutionStatus.Completed:
                (state.LastResult, state.LastFailure) = (last.WorkflowExecutionCompletedEventAttributes.Result, null);
                break;
            case WorkflowExecutionStatus.Failed:
                state.LastFailure = last.WorkflowExecutionFailedEventAttributes.Failure;
                break;
            case WorkflowExecutionStatus.TimedOut:
                state.LastFailure = new Temporalio.Api.Failure.V1.Failure
                {
                    Message = "workflow timeout", Source = "Server", TimeoutFailureInfo = new() { TimeoutType = TimeoutType.StartToClose },
                };
                break;
        }
    }

    private static void Pass(ScheduleState state, ScheduleTimes times, DateTimeOffset now)
    {
        if (!Overlapping.MayAct(state))
        {
            // What is due in a pause is not made good.
            state.Processed = state.Processed > now ? state.Processed : now;
            return;
        }

        var asked = Durations.Of(state.Schedule.Policies.CatchupWindow);
        var catchup = asked <= TimeSpan.Zero ? UsualCatchup : asked < ShortestCatchup ? ShortestCatchup : asked;
        var count = 0;
        foreach (var time in times.After(state.Processed, MaxTimes).TakeWhile(t => t.Nominal <= now))
        {
            count++;
            state.Processed = time.Nominal;
            if (now - time.At > catchup)
            {
                state.Missed++;
                continue;
            }

            Add(state, new BufferedStart(time.Nominal, time.At, ScheduleOverlapPolicy.Unspecified, false));
        }

        if (count < MaxTimes && state.Processed < now)
        {
            state.Processed = now;
        }
    }

    /// <summary>Backfills go on as the buffer has room.</summary>
    private static void Refill(ScheduleState state, ScheduleTimes times)
    {
        while (state.Backfills.Count > 0 && state.Buffer.Count < MaxBuffer)
        {
            var backfill = state.Backfills[0];
            var room = MaxBuffer - state.Buffer.Count;
            var found = times.After(backfill.From, room).TakeWhile(t => t.Nominal <= backfill.To).ToList();
            state.Buffer.AddRange(found.Select(t => new BufferedStart(t.Nominal, t.Nominal, backfill.Overlap, true)));
            if (found.Count == room)
            {
                state.Backfills[0] = backfill with { From = found[^1].Nominal };
                return;
            }

            state.Backfills.RemoveAt(0);
        }
    }

    private static void Add(ScheduleState state, BufferedStart start)
    {
        if (state.Buffer.Count >= MaxBuffer)
        {
            state.Dropped++;
            return;
        }

        state.Buffer.Add(start);
    }

    private static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    private static WorkflowExecutionStatus StatusOf(HistoryEvent last) => last.EventType switch
    {
        EventType.WorkflowExecutionCompleted => WorkflowExecutionStatus.Completed,
        EventType.WorkflowExecutionFailed => WorkflowExecutionStatus.Failed,
        EventType.WorkflowExecutionCanceled => WorkflowExecutionStatus.Canceled,
        EventType.WorkflowExecutionTimedOut => WorkflowExecutionStatus.TimedOut,
        _ => WorkflowExecutionStatus.Terminated,
    };
}
