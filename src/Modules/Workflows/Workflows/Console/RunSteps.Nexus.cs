using Flagstone.Ui.Components;
using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;
using Case = Temporalio.Api.History.V1.HistoryEvent.AttributesOneofCase;

namespace Flagstone.Workflows.Console;

/// <summary>Nexus operations: from Scheduled to their end they are one line.</summary>
internal sealed partial class RunSteps
{
    private bool Nexus(HistoryEvent e)
    {
        const string kind = "Nexus operation";
        switch (e.AttributesCase)
        {
            case Case.NexusOperationScheduledEventAttributes:
                var scheduled = e.NexusOperationScheduledEventAttributes;
                Begin(e, kind, $"{scheduled.Service}/{scheduled.Operation}", s => s with
                {
                    Given = One(scheduled.Input), Note = scheduled.Endpoint, Status = new("Scheduled", Tone.Busy),
                });
                break;
            case Case.NexusOperationStartedEventAttributes:
                var run = e.Links.Select(l => l.WorkflowEvent).FirstOrDefault(l => l is not null);
                Change(e, e.NexusOperationStartedEventAttributes.ScheduledEventId, kind, s => s with { Status = Busy, Note = run?.WorkflowId ?? s.Note });
                break;
            case Case.NexusOperationCompletedEventAttributes:
                var done = e.NexusOperationCompletedEventAttributes;
                End(e, done.ScheduledEventId, kind, Completed, s => s with { Result = One(done.Result) });
                break;
            case Case.NexusOperationFailedEventAttributes:
                var failed = e.NexusOperationFailedEventAttributes;
                End(e, failed.ScheduledEventId, kind, Failed, s => s with { Failure = failed.Failure });
                break;
            case Case.NexusOperationTimedOutEventAttributes:
                var late = e.NexusOperationTimedOutEventAttributes;
                End(e, late.ScheduledEventId, kind, TimedOut, s => s with { Failure = late.Failure });
                break;
            case Case.NexusOperationCanceledEventAttributes:
                End(e, e.NexusOperationCanceledEventAttributes.ScheduledEventId, kind, Canceled);
                break;
            case Case.NexusOperationCancelRequestedEventAttributes:
                Change(e, e.NexusOperationCancelRequestedEventAttributes.ScheduledEventId, kind, s => s with { Note = "Its cancellation was asked for" });
                break;
            case Case.NexusOperationCancelRequestCompletedEventAttributes:
                var told = e.NexusOperationCancelRequestCompletedEventAttributes;
                Change(e, told.ScheduledEventId, kind, s => s with { Note = "The handler was told to cancel it" });
                break;
            case Case.NexusOperationCancelRequestFailedEventAttributes:
                Change(e, e.NexusOperationCancelRequestFailedEventAttributes.ScheduledEventId, kind, s => s with { Note = "The handler does not cancel it" });
                break;
            default:
                return false;
        }

        return true;
    }

    private static Payloads? One(Payload? payload) => payload is null ? null : new Payloads { Payloads_ = { payload } };
}
