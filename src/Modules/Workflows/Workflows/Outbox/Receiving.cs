using Flagstone.Workflows.Children;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Versioning;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Outbox;

/// <summary>What a message from another execution does to a run; the commit that does it marks or removes the message. Pure.</summary>
internal static class Receiving
{
    /// <summary>What a run that its parent's end terminates or cancels says; SDKs and people know the text.</summary>
    public const string ParentClosedReason = "by parent close policy";

    private const string ServerIdentity = "history-service";

    /// <summary>The start of a child as a request.</summary>
    public static (StartWorkflowExecutionRequest Request, Origin Origin) StartOf(Delivery delivery, HistoryEvent initiated)
    {
        var request = initiated.StartChildWorkflowExecutionInitiatedEventAttributes.CopyTo(
            new StartWorkflowExecutionRequest { RequestId = delivery.TargetRun, UserMetadata = initiated.UserMetadata });
        return (request, new Origin
        {
            Parent = new ParentState(delivery.WorkflowId, delivery.Key.RunId, delivery.Key.EventId),
            StartedBy = delivery.StartedBy,
            Skipped = Durations.Of(initiated.StartChildWorkflowExecutionInitiatedEventAttributes.TimeSkippingStatePropagation?.InitialSkippedDuration),
            Root = new RunName(delivery.RootWorkflowId, delivery.RootRunId),
            Inherited = delivery is { InheritedVersion: null, InheritedOverride: null } ? null : Inherited.Nothing with
            {
                Pinned = delivery.InheritedVersion ?? "",
                Override = delivery.InheritedOverride is { } said ? VersioningOverride.Parser.ParseFrom(said) : null,
            },
        });
    }

    /// <summary>Whether a signal or a cancellation is for this run. SDKs name the first run of a child, which may have continued since.</summary>
    public static bool IsMeant(RunState run, Delivery delivery, HistoryEvent about)
    {
        var isOfChild = about.SignalExternalWorkflowExecutionInitiatedEventAttributes?.ChildWorkflowOnly
            ?? about.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes.ChildWorkflowOnly;
        return delivery.TargetRun.Length == 0 || delivery.TargetRun == run.RunId || (isOfChild && delivery.TargetRun == run.FirstRunId);
    }

    /// <summary>Applies what is no start. Only a receipt of <see cref="Receipt.Done"/> leaves something to commit, if anything does.</summary>
    public static Receipt Apply(RunChange change, Delivery delivery, HistoryEvent about) => delivery.Key.Kind switch
    {
        OutboxKind.Begin => Begin(change, delivery),
        OutboxKind.Signal => Signal(change, delivery, about.SignalExternalWorkflowExecutionInitiatedEventAttributes),
        OutboxKind.Cancel => Cancel(change, delivery, about.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes),
        OutboxKind.Closed => Closed(change, delivery, about),
        OutboxKind.ParentClosed => ParentClosed(change, delivery, about.StartChildWorkflowExecutionInitiatedEventAttributes.ParentClosePolicy),
        _ => throw new System.Diagnostics.UnreachableException($"{delivery.Key.Kind}"),
    };

    private static Receipt Begin(RunChange change, Delivery delivery)
    {
        if (!change.Run.IsRunning || change.Run.RunId != delivery.TargetRun || !change.Run.AwaitsParent)
        {
            return Receipt.Needless;
        }

        change.Run.AwaitsParent = false;
        WorkflowTaskRules.Schedule(change, endsBackoff: change.Run.CancelRequested);
        change.Settle(delivery.Key);
        return Receipt.Done;
    }

    private static Receipt Signal(RunChange change, Delivery delivery, SignalExternalWorkflowExecutionInitiatedEventAttributes asked)
    {
        var run = change.Run;
        if (!run.IsRunning || (asked.ChildWorkflowOnly && !IsChildOf(run, delivery)))
        {
            return Receipt.NotFound;
        }

        var origin = new WorkflowExecution { WorkflowId = delivery.WorkflowId, RunId = delivery.Key.RunId };
        if (Signalling.Signal(change, asked.SignalName, asked.Input, asked.Header, ServerIdentity, "", origin) is { } refusal)
        {
            return refusal.Code == (int)StatusCode.InvalidArgument ? Receipt.TooMany : Receipt.Again;
        }

        WorkflowTaskRules.Schedule(change);
        change.Mark(delivery.Key);
        return Receipt.Done;
    }

    private static Receipt Cancel(RunChange change, Delivery delivery, RequestCancelExternalWorkflowExecutionInitiatedEventAttributes asked)
    {
        var run = change.Run;
        if (asked.ChildWorkflowOnly && !IsChildOf(run, delivery))
        {
            return Receipt.NotFound;
        }

        // Who asks a run to stop that has stopped has what he wants.
        if (run.IsRunning)
        {
            var origin = new WorkflowExecution { WorkflowId = delivery.WorkflowId, RunId = delivery.Key.RunId };
            Signalling.RequestCancel(change, asked.Reason, ServerIdentity, origin, delivery.Key.EventId);
            change.Mark(delivery.Key);
        }

        return Receipt.Done;
    }

    private static Receipt Closed(RunChange change, Delivery delivery, HistoryEvent last)
    {
        var run = change.Run;
        if (!run.IsRunning || !run.Children.TryGetValue(delivery.InitiatedId, out var child)
            || (delivery.TargetRun != run.RunId && delivery.TargetRun != child.ParentRunId))
        {
            return Receipt.Needless;
        }

        ChildRules.Closed(change, child, delivery.Key.RunId, delivery.Type, last);
        change.Settle(delivery.Key);
        return Receipt.Done;
    }

    private static Receipt ParentClosed(RunChange change, Delivery delivery, ParentClosePolicy policy)
    {
        var run = change.Run;
        if (!run.IsRunning || run.FirstRunId != delivery.TargetRun)
        {
            return Receipt.Needless;
        }

        // The parent's record of the start, which the child waits for, does not come any more.
        run.AwaitsParent = false;
        switch (policy)
        {
            case ParentClosePolicy.Abandon:
                WorkflowTaskRules.Schedule(change);
                break;
            case ParentClosePolicy.RequestCancel:
                Signalling.RequestCancel(change, ParentClosedReason, ServerIdentity);
                break;
            default:
                Closing.Terminate(change, ParentClosedReason, null, ServerIdentity);
                break;
        }

        change.Settle(delivery.Key);
        return Receipt.Done;
    }

    private static bool IsChildOf(RunState run, Delivery delivery) =>
        run.Parent is { } parent && parent.WorkflowId == delivery.WorkflowId
        && (parent.RunId == delivery.Key.RunId || parent.RunId == delivery.ParentRun);
}
