using System.Globalization;
using Flagstone.Ui.Components;
using Temporalio.Api.History.V1;
using Case = Temporalio.Api.History.V1.HistoryEvent.AttributesOneofCase;

namespace Flagstone.Workflows.Console;

/// <summary>Lines of events that stand for themselves. Pure.</summary>
internal static class RunMoments
{
    private static readonly Status Recorded = new("Recorded", Tone.Neutral);

    /// <summary>The ends of workflow tasks, to which a reset may go back; in the order of the events.</summary>
    public static IReadOnlyList<(long EventId, string Text)> Points(IEnumerable<HistoryEvent> events) =>
    [
        .. events.Select(e => (e.EventId, Word: e.AttributesCase switch
        {
            Case.WorkflowTaskCompletedEventAttributes => "completed",
            Case.WorkflowTaskFailedEventAttributes => "failed",
            Case.WorkflowTaskTimedOutEventAttributes => "timed out",
            _ => "",
        }, At: e.EventTime)).Where(p => p.Word.Length > 0)
            .Select(p => (p.EventId, string.Create(
                CultureInfo.InvariantCulture, $"Event {p.EventId}, {p.Word} at {p.At.ToDateTimeOffset().UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"))),
    ];

    /// <summary>Null for an event that says nothing by itself: a workflow task that went well.</summary>
    public static RunStep? Of(HistoryEvent e)
    {
        RunStep Step(string kind, string name, Status status) => new(e.EventId, kind, name, status, e.EventTime.ToDateTimeOffset());
        switch (e.AttributesCase)
        {
            case Case.WorkflowTaskScheduledEventAttributes or Case.WorkflowTaskStartedEventAttributes or Case.WorkflowTaskCompletedEventAttributes:
                return null;
            case Case.WorkflowTaskFailedEventAttributes:
                var failed = e.WorkflowTaskFailedEventAttributes;
                return Step("Workflow task", "", new("Failed", Tone.Bad)) with { Note = failed.Cause.ToString(), Failure = failed.Failure };
            case Case.WorkflowTaskTimedOutEventAttributes:
                return Step("Workflow task", "", new("Timed out", Tone.Warning)) with { Note = e.WorkflowTaskTimedOutEventAttributes.TimeoutType.ToString() };
            case Case.WorkflowExecutionStartedEventAttributes:
                var started = e.WorkflowExecutionStartedEventAttributes;
                return Step("Workflow", started.WorkflowType?.Name ?? "", new("Started", Tone.Neutral)) with
                {
                    Given = started.Input, Note = started.Attempt > 1 ? $"Attempt {started.Attempt}" : "",
                };
            case Case.WorkflowExecutionSignaledEventAttributes:
                var signal = e.WorkflowExecutionSignaledEventAttributes;
                return Step("Signal", signal.SignalName, new("Received", Tone.Neutral)) with { Given = signal.Input, Note = By(e) };
            case Case.WorkflowExecutionCancelRequestedEventAttributes:
                var cancel = e.WorkflowExecutionCancelRequestedEventAttributes;
                return Step("Cancellation", "", new("Asked for", Tone.Warning)) with { Note = Join(cancel.Cause, By(e)) };
            case Case.WorkflowExecutionTimeSkippingTransitionedEventAttributes:
                var skipped = e.WorkflowExecutionTimeSkippingTransitionedEventAttributes;
                return Step("Time", "", new("Skipped", Tone.Neutral)) with
                {
                    Note = Join(
                        string.Create(CultureInfo.InvariantCulture, $"To {skipped.TargetTime.ToDateTime():yyyy-MM-dd HH:mm:ss} UTC"),
                        skipped.DisabledAfterFastForward ? "where the fast-forward ends" : ""),
                };
            case Case.WorkflowExecutionOptionsUpdatedEventAttributes
                when e.WorkflowExecutionOptionsUpdatedEventAttributes is { TimeSkippingConfigUpdated: true } options:
                return Step("Time skipping", "", new(options.TimeSkippingConfig is { Enabled: true } ? "On" : "Off", Tone.Neutral)) with { Note = By(e) };
            case Case.MarkerRecordedEventAttributes:
                return Step("Marker", e.MarkerRecordedEventAttributes.MarkerName, Recorded) with { Failure = e.MarkerRecordedEventAttributes.Failure };
            case Case.UpsertWorkflowSearchAttributesEventAttributes:
                var attributes = e.UpsertWorkflowSearchAttributesEventAttributes.SearchAttributes?.IndexedFields.Keys ?? [];
                return Step("Search attributes", "", Recorded) with { Note = string.Join(", ", attributes.Order(StringComparer.Ordinal)) };
            case Case.WorkflowPropertiesModifiedEventAttributes:
                return Step("Memo", "", Recorded);
            default:
                return End(e) ?? Step(e.EventType.ToString(), "", Recorded);
        }
    }

    /// <summary>Of the event that ends a run; null for another one.</summary>
    public static RunStep? End(HistoryEvent e)
    {
        RunStep Step(string word, Tone tone) => new(e.EventId, "Workflow", "", new Status(word, tone), e.EventTime.ToDateTimeOffset());
        return e.AttributesCase switch
        {
            Case.WorkflowExecutionCompletedEventAttributes =>
                Step("Completed", Tone.Good) with { Result = e.WorkflowExecutionCompletedEventAttributes.Result },
            Case.WorkflowExecutionFailedEventAttributes => Step("Failed", Tone.Bad) with { Failure = e.WorkflowExecutionFailedEventAttributes.Failure },
            Case.WorkflowExecutionTimedOutEventAttributes => Step("Timed out", Tone.Bad),
            Case.WorkflowExecutionCanceledEventAttributes =>
                Step("Canceled", Tone.Neutral) with { Result = e.WorkflowExecutionCanceledEventAttributes.Details },
            Case.WorkflowExecutionTerminatedEventAttributes => Step("Terminated", Tone.Warning) with
            {
                Note = Join(e.WorkflowExecutionTerminatedEventAttributes.Reason, By(e)), Result = e.WorkflowExecutionTerminatedEventAttributes.Details,
            },
            Case.WorkflowExecutionContinuedAsNewEventAttributes => Step("Continued as new", Tone.Neutral) with
            {
                Given = e.WorkflowExecutionContinuedAsNewEventAttributes.Input,
                Run = new() { RunId = e.WorkflowExecutionContinuedAsNewEventAttributes.NewExecutionRunId },
            },
            _ => null,
        };
    }

    private static string By(HistoryEvent e) => e.Principal is { Name.Length: > 0 } by ? $"by {by.Name}" : "";

    private static string Join(string first, string second) => first.Length > 0 && second.Length > 0 ? $"{first}, {second}" : first + second;
}
