using Flagstone.Workflows.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Nexus;

/// <summary>
/// A Nexus operation of a run: scheduled, perhaps started, and over. Its requests are made outside of the run, and their answers come in as reports;
/// one that comes late, or again, finds nothing to change. Pure. (Temporal's server: components/nexusoperations/statemachine.go.)
/// </summary>
internal static class NexusRules
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>Records what came of a request. False when the run does not wait for it any more.</summary>
    public static bool Report(RunChange change, NexusReport report)
    {
        var run = change.Run;
        if (!run.IsRunning || run.RunId != report.RunId || !run.NexusOperations.TryGetValue(report.ScheduledId, out var operation))
        {
            return false;
        }

        var reply = NexusReplies.Read(Any.Parser.ParseFrom(report.Answer));
        if (report.IsCancellation)
        {
            return operation.Cancellation is { IsOver: false } cancellation && cancellation.Attempts.Count == report.Attempt
                && Cancelled(change, operation, cancellation, reply);
        }

        if (operation.IsStarted || operation.Attempts.Count != report.Attempt)
        {
            return false;
        }

        switch (reply)
        {
            case NexusReply.Done done:
                Completed(change, operation, done.Result).Links.Add(done.Links);
                break;
            case NexusReply.Started started:
                Started(change, operation, started.Token, started.Links);
                break;
            case NexusReply.Unsuccessful unsuccessful:
                Unsuccessful(change, operation, unsuccessful.Cause);
                break;
            case NexusReply.Rejected { IsRetryable: true } rejected:
                Again(operation.Attempts, rejected.Failure, change.Now);
                break;
            case NexusReply.Rejected rejected:
                Failed(change, operation, rejected.Failure);
                break;
            default:
                const string text = "The handler answered the start of an operation as if it were a cancellation.";
                Failed(change, operation, NexusFailures.HandlerError(NexusFailures.BadRequest, text));
                break;
        }

        return true;
    }

    /// <summary>Ends an operation by its callback. Its start, if the handler's answer is still on the way, is recorded first.</summary>
    /// <param name="token">By which the handler knows it; empty where it does not say.</param>
    /// <param name="link">To where the handler began.</param>
    public static void Complete(RunChange change, NexusOperationState operation, string token, NexusReply reply, Link link)
    {
        if (!operation.IsStarted)
        {
            Started(change, operation, token, [link]);
        }

        if (reply is NexusReply.Done done)
        {
            Completed(change, operation, done.Result);
        }
        else
        {
            Unsuccessful(change, operation, ((NexusReply.Unsuccessful)reply).Cause);
        }
    }

    /// <summary>When an operation's time is over, and which one; null for never.</summary>
    public static (DateTimeOffset At, TimeoutType Type)? Deadline(NexusOperationState operation)
    {
        (DateTimeOffset At, TimeoutType Type)? first = null;
        Consider(operation.ScheduledAt, operation.ScheduleToClose, TimeoutType.ScheduleToClose);
        if (operation.StartedAt is { } started)
        {
            Consider(started, operation.StartToClose, TimeoutType.StartToClose);
        }
        else
        {
            Consider(operation.ScheduledAt, operation.ScheduleToStart, TimeoutType.ScheduleToStart);
        }

        return first;

        void Consider(DateTimeOffset from, TimeSpan timeout, TimeoutType type)
        {
            if (timeout > TimeSpan.Zero && (first is null || from + timeout < first.Value.At))
            {
                first = (from + timeout, type);
            }
        }
    }

    public static void TimeOut(RunChange change, NexusOperationState operation, TimeoutType type)
    {
        var cause = new Failure
        {
            Message = "operation timed out", Source = "Server", TimeoutFailureInfo = new TimeoutFailureInfo { TimeoutType = type },
        };
        End(change, operation, new HistoryEvent
        {
            EventType = EventType.NexusOperationTimedOut,
            NexusOperationTimedOutEventAttributes = new NexusOperationTimedOutEventAttributes
            {
                ScheduledEventId = operation.ScheduledId, RequestId = operation.RequestId, Failure = NexusFailures.OfOperation(operation, cause),
            },
        });
    }

    /// <summary>The Scheduled event of the operation that an event ends; 0 where it ends none.</summary>
    public static long EndedBy(HistoryEvent e) =>
        e.NexusOperationCompletedEventAttributes?.ScheduledEventId ?? e.NexusOperationFailedEventAttributes?.ScheduledEventId
        ?? e.NexusOperationCanceledEventAttributes?.ScheduledEventId ?? e.NexusOperationTimedOutEventAttributes?.ScheduledEventId ?? 0;

    /// <summary>Notes an attempt that failed, and when the next one is: later each time.</summary>
    public static void Again(NexusAttempts attempts, Failure failure, DateTimeOffset now)
    {
        var wait = FirstWait * Math.Pow(2, Math.Min(attempts.Count, 16));
        attempts.Count++;
        attempts.LastAt = now;
        attempts.LastFailure = NexusFailures.Short(failure);
        attempts.NextAt = now + (wait > LongestWait ? LongestWait : wait);
    }

    private static void Started(RunChange change, NexusOperationState operation, string token, IReadOnlyList<Link> links)
    {
        operation.StartedAt = change.Now;
        operation.Token = token;
        change.Add(new HistoryEvent
        {
            EventType = EventType.NexusOperationStarted,
            NexusOperationStartedEventAttributes = new NexusOperationStartedEventAttributes
            {
                ScheduledEventId = operation.ScheduledId,
                OperationToken = token,
                RequestId = operation.RequestId,
#pragma warning disable CS0612 // Older workers read it there.
                OperationId = token,
#pragma warning restore CS0612
            },
            Links = { links },
        });
        // What was asked before there was anybody to ask.
        change.CallsNexus |= operation.Cancellation is not null;
        WorkflowTaskRules.Schedule(change);
    }

    private static HistoryEvent Completed(RunChange change, NexusOperationState operation, Payload? result) => End(change, operation, new HistoryEvent
    {
        EventType = EventType.NexusOperationCompleted,
        NexusOperationCompletedEventAttributes = new NexusOperationCompletedEventAttributes
        {
            ScheduledEventId = operation.ScheduledId, RequestId = operation.RequestId, Result = result,
        },
    });

    private static void Unsuccessful(RunChange change, NexusOperationState operation, Failure cause)
    {
        if (cause.CanceledFailureInfo is null)
        {
            Failed(change, operation, cause);
            return;
        }

        End(change, operation, new HistoryEvent
        {
            EventType = EventType.NexusOperationCanceled,
            NexusOperationCanceledEventAttributes = new NexusOperationCanceledEventAttributes
            {
                ScheduledEventId = operation.ScheduledId, RequestId = operation.RequestId, Failure = NexusFailures.OfOperation(operation, cause),
            },
        });
    }

    private static void Failed(RunChange change, NexusOperationState operation, Failure cause) => End(change, operation, new HistoryEvent
    {
        EventType = EventType.NexusOperationFailed,
        NexusOperationFailedEventAttributes = new NexusOperationFailedEventAttributes
        {
            ScheduledEventId = operation.ScheduledId, RequestId = operation.RequestId, Failure = NexusFailures.OfOperation(operation, cause),
        },
    });

    private static HistoryEvent End(RunChange change, NexusOperationState operation, HistoryEvent end)
    {
        change.Run.NexusOperations.Remove(operation.ScheduledId);
        var added = change.Add(end);
        WorkflowTaskRules.Schedule(change);
        return added;
    }

    private static bool Cancelled(RunChange change, NexusOperationState operation, NexusCancellationState cancellation, NexusReply reply)
    {
        if (reply is NexusReply.Rejected { IsRetryable: true } later)
        {
            Again(cancellation.Attempts, later.Failure, change.Now);
            return true;
        }

        cancellation.IsOver = true;
        cancellation.Attempts.LastAt = change.Now;
        cancellation.Attempts.NextAt = null;
        cancellation.Failure = reply switch
        {
            NexusReply.Acknowledged => null,
            NexusReply.Rejected rejected => rejected.Failure,
            _ => NexusFailures.HandlerError(NexusFailures.BadRequest, "The handler answered a cancellation as if it were the start of an operation."),
        };
        change.Add(cancellation.Failure is null ? new HistoryEvent
        {
            EventType = EventType.NexusOperationCancelRequestCompleted,
            NexusOperationCancelRequestCompletedEventAttributes = new NexusOperationCancelRequestCompletedEventAttributes
            {
                ScheduledEventId = operation.ScheduledId, RequestedEventId = cancellation.RequestedId,
                WorkflowTaskCompletedEventId = cancellation.CompletedId,
            },
        }
        : new HistoryEvent
        {
            EventType = EventType.NexusOperationCancelRequestFailed,
            NexusOperationCancelRequestFailedEventAttributes = new NexusOperationCancelRequestFailedEventAttributes
            {
                ScheduledEventId = operation.ScheduledId, RequestedEventId = cancellation.RequestedId,
                WorkflowTaskCompletedEventId = cancellation.CompletedId,
                Failure = NexusFailures.OfOperation(operation, cancellation.Failure),
            },
        });
        WorkflowTaskRules.Schedule(change);
        return true;
    }
}
