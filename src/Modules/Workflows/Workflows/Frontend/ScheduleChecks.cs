using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Schedules;
using Flagstone.Workflows.Schedules.Specs;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.WorkflowService.V1;
using ScheduleState = Temporalio.Api.Schedule.V1.ScheduleState;

namespace Flagstone.Workflows.Frontend;

/// <summary>What of a schedule can be refused without knowing the one that is there. Pure.</summary>
internal static class ScheduleChecks
{
    /// <summary>The longest a workflow id gets behind the action's own: a dash and a time.</summary>
    private static readonly string Suffix = $"-{DateTimeOffset.MaxValue:yyyy-MM-ddTHH:mm:ssZ}";

    /// <summary>The schedule as it is kept: its spec read, and nothing of it absent.</summary>
    public static Schedule Read(Schedule? given, WorkflowNamespace ns)
    {
        if (given?.Action?.StartWorkflow is not { } action)
        {
            throw RpcErrors.InvalidArgument("The schedule has no action. Set schedule.action.start_workflow.");
        }

        RequestChecks.Id(action.WorkflowId, "WorkflowId");
        var start = action.CopyTo(new StartWorkflowExecutionRequest());
        start.WorkflowId += Suffix;
        RequestChecks.Start(start);
        RequestChecks.SearchAttributes(action.SearchAttributes, ns.SearchAttributes);
        if (action.CronSchedule.Length > 0)
        {
            throw RpcErrors.InvalidArgument("CronSchedule must not be set on the action of a schedule. Put it into the spec, as a cron string.");
        }

        if (action.WorkflowIdReusePolicy is not (WorkflowIdReusePolicy.Unspecified or WorkflowIdReusePolicy.AllowDuplicate))
        {
            throw RpcErrors.InvalidArgument("WorkflowIdReusePolicy must not be set on the action of a schedule: each of its workflows has an id of its own.");
        }

        var schedule = given.Clone();
        schedule.Policies ??= new SchedulePolicies();
        schedule.State ??= new ScheduleState();
        if (Durations.Of(schedule.Policies.CatchupWindow) < TimeSpan.Zero || schedule.State.RemainingActions < 0)
        {
            throw RpcErrors.InvalidArgument("CatchupWindow and RemainingActions must not be negative.");
        }

        try
        {
            schedule.Spec = SpecReader.Read(schedule.Spec);
        }
        catch (SpecException e)
        {
            throw RpcErrors.InvalidArgument($"Invalid schedule spec: {e.Message}.");
        }

        RequestChecks.Time(schedule.Spec.StartTime, "Spec.StartTime");
        RequestChecks.Time(schedule.Spec.EndTime, "Spec.EndTime");
        RequestChecks.Blob(schedule, "Schedule");
        return schedule;
    }

    /// <summary>What times a patch must have, the schedule's rules say; here they must be times.</summary>
    public static void Patch(SchedulePatch? patch)
    {
        if (patch?.BackfillRequest.Count > ScheduleRules.MaxBackfills)
        {
            throw RpcErrors.InvalidArgument($"The patch has more than {ScheduleRules.MaxBackfills} backfills. Send several patches.");
        }

        RequestChecks.Time(patch?.TriggerImmediately?.ScheduledTime, "TriggerImmediately.ScheduledTime");
        foreach (var backfill in patch?.BackfillRequest ?? [])
        {
            RequestChecks.Time(backfill.StartTime, "BackfillRequest.StartTime");
            RequestChecks.Time(backfill.EndTime, "BackfillRequest.EndTime");
        }

        RequestChecks.Blob(patch, "SchedulePatch");
    }
}
