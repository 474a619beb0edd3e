using Flagstone.Ui.Components;
using Temporalio.Api.History.V1;
using Case = Temporalio.Api.History.V1.HistoryEvent.AttributesOneofCase;

namespace Flagstone.Workflows.Console;

/// <summary>
/// Makes lines of events: an activity's Scheduled, Started and Completed are one. Workflow tasks that went well are left out. Pure.
/// </summary>
internal sealed partial class RunSteps
{
    private static readonly Status Busy = new("Running", Tone.Busy);
    private static readonly Status Completed = new("Completed", Tone.Good);
    private static readonly Status Failed = new("Failed", Tone.Bad);
    private static readonly Status TimedOut = new("Timed out", Tone.Bad);
    private static readonly Status Canceled = new("Canceled", Tone.Neutral);

    private readonly SortedDictionary<long, RunStep> steps = [];

    private RunSteps()
    {
    }

    /// <param name="events">Some of a history, in order. What began before the first of them is told as far as the rest says it.</param>
    public static IReadOnlyList<RunStep> Of(IEnumerable<HistoryEvent> events)
    {
        var read = new RunSteps();
        foreach (var one in events)
        {
            if (!read.Activity(one) && !read.Timer(one) && !read.Child(one) && !read.Nexus(one) && !read.Other(one) && !read.Update(one))
            {
                read.Moment(one);
            }
        }

        return [.. read.steps.Values];
    }

    private bool Activity(HistoryEvent e)
    {
        switch (e.AttributesCase)
        {
            case Case.ActivityTaskScheduledEventAttributes:
                var scheduled = e.ActivityTaskScheduledEventAttributes;
                Begin(e, "Activity", scheduled.ActivityType?.Name ?? "", s => s with { Given = scheduled.Input, Status = new("Scheduled", Tone.Busy) });
                break;
            case Case.ActivityTaskStartedEventAttributes:
                var started = e.ActivityTaskStartedEventAttributes;
                Change(e, started.ScheduledEventId, "Activity", s => s with
                {
                    Status = Busy, Failure = started.LastFailure, Note = started.Attempt > 1 ? $"Attempt {started.Attempt}" : "",
                });
                break;
            case Case.ActivityTaskCompletedEventAttributes:
                var done = e.ActivityTaskCompletedEventAttributes;
                // That an attempt before had failed is no news once one has not.
                End(e, done.ScheduledEventId, "Activity", Completed, s => s with { Result = done.Result, Failure = null });
                break;
            case Case.ActivityTaskFailedEventAttributes:
                var failed = e.ActivityTaskFailedEventAttributes;
                End(e, failed.ScheduledEventId, "Activity", Failed, s => s with { Failure = failed.Failure });
                break;
            case Case.ActivityTaskTimedOutEventAttributes:
                var late = e.ActivityTaskTimedOutEventAttributes;
                End(e, late.ScheduledEventId, "Activity", TimedOut, s => s with { Failure = late.Failure });
                break;
            case Case.ActivityTaskCanceledEventAttributes:
                End(e, e.ActivityTaskCanceledEventAttributes.ScheduledEventId, "Activity", Canceled);
                break;
            case Case.ActivityTaskCancelRequestedEventAttributes:
                Change(e, e.ActivityTaskCancelRequestedEventAttributes.ScheduledEventId, "Activity", s => s with { Note = "Its cancellation was asked for" });
                break;
            default:
                return false;
        }

        return true;
    }

    private bool Timer(HistoryEvent e)
    {
        switch (e.AttributesCase)
        {
            case Case.TimerStartedEventAttributes:
                var started = e.TimerStartedEventAttributes;
                Begin(e, "Timer", started.TimerId, s => s with { Note = started.StartToFireTimeout is { } time ? $"For {Durations.Short(Commands.Durations.Of(time))}" : "" });
                break;
            case Case.TimerFiredEventAttributes:
                End(e, e.TimerFiredEventAttributes.StartedEventId, "Timer", new("Fired", Tone.Good));
                break;
            case Case.TimerCanceledEventAttributes:
                End(e, e.TimerCanceledEventAttributes.StartedEventId, "Timer", Canceled);
                break;
            default:
                return false;
        }

        return true;
    }

    private bool Child(HistoryEvent e)
    {
        const string Kind = "Child";
        switch (e.AttributesCase)
        {
            case Case.StartChildWorkflowExecutionInitiatedEventAttributes:
                var initiated = e.StartChildWorkflowExecutionInitiatedEventAttributes;
                Begin(e, Kind, initiated.WorkflowType?.Name ?? "", s => s with
                {
                    Given = initiated.Input, Note = initiated.WorkflowId, Status = new("Initiated", Tone.Busy),
                });
                break;
            case Case.StartChildWorkflowExecutionFailedEventAttributes:
                var failed = e.StartChildWorkflowExecutionFailedEventAttributes;
                End(e, failed.InitiatedEventId, Kind, new("Not started", Tone.Bad), s => s with { Note = $"{failed.WorkflowId}: {failed.Cause}" });
                break;
            case Case.ChildWorkflowExecutionStartedEventAttributes:
                var started = e.ChildWorkflowExecutionStartedEventAttributes;
                Change(e, started.InitiatedEventId, Kind, s => s with { Status = Busy, Run = started.WorkflowExecution, Note = "" });
                break;
            case Case.ChildWorkflowExecutionCompletedEventAttributes:
                var done = e.ChildWorkflowExecutionCompletedEventAttributes;
                End(e, done.InitiatedEventId, Kind, Completed, s => s with { Result = done.Result, Run = done.WorkflowExecution });
                break;
            case Case.ChildWorkflowExecutionFailedEventAttributes:
                var broken = e.ChildWorkflowExecutionFailedEventAttributes;
                End(e, broken.InitiatedEventId, Kind, Failed, s => s with { Failure = broken.Failure, Run = broken.WorkflowExecution });
                break;
            case Case.ChildWorkflowExecutionTimedOutEventAttributes:
                End(e, e.ChildWorkflowExecutionTimedOutEventAttributes.InitiatedEventId, Kind, TimedOut);
                break;
            case Case.ChildWorkflowExecutionCanceledEventAttributes:
                End(e, e.ChildWorkflowExecutionCanceledEventAttributes.InitiatedEventId, Kind, Canceled);
                break;
            case Case.ChildWorkflowExecutionTerminatedEventAttributes:
                End(e, e.ChildWorkflowExecutionTerminatedEventAttributes.InitiatedEventId, Kind, new("Terminated", Tone.Warning));
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Signals and cancellations of other executions.</summary>
    private bool Other(HistoryEvent e)
    {
        const string Signal = "Signal to another";
        const string Cancel = "Cancellation of another";
        switch (e.AttributesCase)
        {
            case Case.SignalExternalWorkflowExecutionInitiatedEventAttributes:
                var signal = e.SignalExternalWorkflowExecutionInitiatedEventAttributes;
                Begin(e, Signal, signal.SignalName, s => s with { Given = signal.Input, Note = signal.WorkflowExecution?.WorkflowId ?? "" });
                break;
            case Case.ExternalWorkflowExecutionSignaledEventAttributes:
                End(e, e.ExternalWorkflowExecutionSignaledEventAttributes.InitiatedEventId, Signal, new("Delivered", Tone.Good));
                break;
            case Case.SignalExternalWorkflowExecutionFailedEventAttributes:
                var failed = e.SignalExternalWorkflowExecutionFailedEventAttributes;
                End(e, failed.InitiatedEventId, Signal, Failed, s => s with { Note = failed.Cause.ToString() });
                break;
            case Case.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes:
                Begin(e, Cancel, e.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes.WorkflowExecution?.WorkflowId ?? "");
                break;
            case Case.ExternalWorkflowExecutionCancelRequestedEventAttributes:
                End(e, e.ExternalWorkflowExecutionCancelRequestedEventAttributes.InitiatedEventId, Cancel, new("Delivered", Tone.Good));
                break;
            case Case.RequestCancelExternalWorkflowExecutionFailedEventAttributes:
                End(e, e.RequestCancelExternalWorkflowExecutionFailedEventAttributes.InitiatedEventId, Cancel, Failed);
                break;
            default:
                return false;
        }

        return true;
    }

    private bool Update(HistoryEvent e)
    {
        switch (e.AttributesCase)
        {
            case Case.WorkflowExecutionUpdateAcceptedEventAttributes:
                var accepted = e.WorkflowExecutionUpdateAcceptedEventAttributes;
                Begin(e, "Update", accepted.AcceptedRequest?.Input?.Name ?? "", s => s with { Given = accepted.AcceptedRequest?.Input?.Args });
                break;
            case Case.WorkflowExecutionUpdateCompletedEventAttributes:
                var done = e.WorkflowExecutionUpdateCompletedEventAttributes;
                var failure = done.Outcome?.Failure;
                End(e, done.AcceptedEventId, "Update", failure is null ? Completed : Failed, s => s with { Result = done.Outcome?.Success, Failure = failure });
                break;
            default:
                return false;
        }

        return true;
    }

    private void Moment(HistoryEvent e)
    {
        if (RunMoments.Of(e) is { } step)
        {
            steps[e.EventId] = step;
        }
    }

    private void Begin(HistoryEvent e, string kind, string name, Func<RunStep, RunStep>? with = null)
    {
        var step = new RunStep(e.EventId, kind, name, Busy, e.EventTime.ToDateTimeOffset()) { IsSpan = true };
        steps[e.EventId] = with?.Invoke(step) ?? step;
    }

    private void Change(HistoryEvent e, long beginning, string kind, Func<RunStep, RunStep> change) => steps[beginning] = change(
        steps.GetValueOrDefault(beginning) ?? new RunStep(beginning, kind, "", Busy, e.EventTime.ToDateTimeOffset()));

    private void End(HistoryEvent e, long beginning, string kind, Status status, Func<RunStep, RunStep>? with = null) =>
        Change(e, beginning, kind, s => (with?.Invoke(s) ?? s) with { Status = status, Ended = e.EventTime.ToDateTimeOffset() });
}
