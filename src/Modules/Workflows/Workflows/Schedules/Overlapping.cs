using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Schedules;

/// <summary>
/// Which of the times that wait are acted now, by their overlap policies. Pure. (Temporal's server: service/worker/scheduler/buffer.go.)
/// </summary>
internal static class Overlapping
{
    /// <summary>Takes the starts of this moment out of the buffer.</summary>
    public static void Decide(ScheduleState state, DateTimeOffset now)
    {
        var waiting = state.Buffer.ToList();
        state.Buffer.Clear();
        BufferedStart? chosen = null;
        foreach (var start in waiting)
        {
            var policy = PolicyOf(state, start);
            if (start.At > now || state.Running.Count(r => !r.IsStarted) >= ScheduleRules.MaxStarting)
            {
                // Its jitter is still to pass, or those before it are still to be started.
                state.Buffer.Add(start);
            }
            else if (!start.IsManual && !MayAct(state))
            {
                continue;
            }
            else if (policy == ScheduleOverlapPolicy.AllowAll)
            {
                Begin(state, start, isOverlapping: true);
            }
            else if (chosen is null && !IsBusy(state))
            {
                chosen = start;
            }
            else
            {
                chosen = Overlap(state, start, policy, chosen);
            }
        }

        if (chosen is not null)
        {
            Begin(state, chosen, isOverlapping: false);
        }
    }

    public static ScheduleOverlapPolicy PolicyOf(ScheduleState state, BufferedStart start)
    {
        var policy = start.Overlap != ScheduleOverlapPolicy.Unspecified ? start.Overlap : state.Schedule.Policies.OverlapPolicy;
        return policy == ScheduleOverlapPolicy.Unspecified ? ScheduleOverlapPolicy.Skip : policy;
    }

    /// <summary>Whether what comes by itself may act now.</summary>
    public static bool MayAct(ScheduleState state) => !state.IsPaused && !(state.Schedule.State is { LimitedActions: true, RemainingActions: <= 0 });

    private static bool IsBusy(ScheduleState state) => state.Running.Exists(r => !r.IsOverlapping);

    /// <summary>Something is in the way; returns what is started in this moment.</summary>
    private static BufferedStart? Overlap(ScheduleState state, BufferedStart start, ScheduleOverlapPolicy policy, BufferedStart? chosen)
    {
        switch (policy)
        {
            case ScheduleOverlapPolicy.BufferAll:
                state.Buffer.Add(start);
                return chosen;
            case ScheduleOverlapPolicy.BufferOne when !state.Buffer.Exists(b => PolicyOf(state, b) == ScheduleOverlapPolicy.BufferOne && b.At <= start.At):
                state.Buffer.Add(start);
                return chosen;
            case ScheduleOverlapPolicy.CancelOther or ScheduleOverlapPolicy.TerminateOther when !IsBusy(state):
                // The one before it would be ended at once.
                state.Skipped++;
                return start;
            case ScheduleOverlapPolicy.CancelOther or ScheduleOverlapPolicy.TerminateOther:
                Stop(state, policy == ScheduleOverlapPolicy.CancelOther ? StopKind.Cancel : StopKind.Terminate);
                state.Skipped += state.Buffer.RemoveAll(b =>
                    b.At <= start.At && PolicyOf(state, b) is ScheduleOverlapPolicy.CancelOther or ScheduleOverlapPolicy.TerminateOther);
                state.Buffer.Add(start);
                return chosen;
            default:
                state.Skipped++;
                return chosen;
        }
    }

    private static void Stop(ScheduleState state, StopKind kind)
    {
        foreach (var run in state.Running.Where(r => !r.IsOverlapping && r.Stop < kind))
        {
            run.Stop = kind;
            run.IsStopSent = false;
        }
    }

    private static void Begin(ScheduleState state, BufferedStart start, bool isOverlapping)
    {
        if (state.Running.Count >= ScheduleRules.MaxRunning)
        {
            state.Dropped++;
            return;
        }

        if (!start.IsManual && state.Schedule.State.LimitedActions)
        {
            state.Schedule.State.RemainingActions--;
        }

        state.Starts++;
        state.Running.Add(new ScheduledRun
        {
            WorkflowId = ScheduledStart.WorkflowIdOf(state, start.Nominal),
            RunId = ScheduledStart.RunIdOf(state, state.Starts),
            Nominal = start.Nominal,
            At = start.At,
            IsOverlapping = isOverlapping,
            LastResult = state.LastResult,
            LastFailure = state.LastFailure,
        });
    }
}
