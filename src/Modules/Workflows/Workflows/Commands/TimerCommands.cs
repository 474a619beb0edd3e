using Flagstone.Workflows.Executions;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Commands;

/// <summary>The commands that begin and cancel timers. Pure.</summary>
internal static class TimerCommands
{
    public static CommandFailure? Start(RunChange change, StartTimerCommandAttributes command, long completedId)
    {
        var run = change.Run;
        var wrong = Names.Refuse(command.TimerId, "TimerId", "StartTimerCommand")
            ?? (command.StartToFireTimeout is null || Durations.Of(command.StartToFireTimeout) < TimeSpan.Zero ? "A valid StartToFireTimeout is not set on StartTimerCommand." : null);
        if (wrong is not null)
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadStartTimerAttributes, wrong);
        }

        if (run.Timers.ContainsKey(command.TimerId))
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.StartTimerDuplicateId, $"A timer with the id '{command.TimerId}' runs.");
        }

        if (run.Timers.Count >= CommandRules.MaxPending)
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadStartTimerAttributes, $"The number of pending timers, {CommandRules.MaxPending}, has reached the limit.");
        }

        var started = change.Add(new HistoryEvent
        {
            EventType = EventType.TimerStarted,
            TimerStartedEventAttributes = command.CopyTo(new TimerStartedEventAttributes { WorkflowTaskCompletedEventId = completedId }),
        });
        run.Timers[command.TimerId] = new TimerState(started.EventId, change.Now + Durations.Of(command.StartToFireTimeout));
        return null;
    }

    public static CommandFailure? Cancel(RunChange change, CancelTimerCommandAttributes command, long completedId)
    {
        var run = change.Run;
        long startedId;
        if (run.Timers.Remove(command.TimerId, out var timer))
        {
            startedId = timer.StartedId;
        }
        else if (run.Buffered.Find(e => e.EventType == EventType.TimerFired && e.TimerFiredEventAttributes.TimerId == command.TimerId) is { } fired)
        {
            // It fired while the worker decided, which has not been told: for the workflow it was cancelled in time.
            run.Buffered.Remove(fired);
            startedId = fired.TimerFiredEventAttributes.StartedEventId;
        }
        else
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadCancelTimerAttributes, $"No timer with the id '{command.TimerId}' runs.");
        }

        change.Add(new HistoryEvent
        {
            EventType = EventType.TimerCanceled,
            TimerCanceledEventAttributes = new TimerCanceledEventAttributes { TimerId = command.TimerId, StartedEventId = startedId, WorkflowTaskCompletedEventId = completedId },
        });
        return null;
    }
}
