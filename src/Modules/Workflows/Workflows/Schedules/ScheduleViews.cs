using Flagstone.Workflows.Schedules.Specs;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Schedules;

/// <summary>A schedule as it is described and listed. Pure.</summary>
internal static class ScheduleViews
{
    private const int MaxFuture = 10;
    private const int MaxListed = 5;

    public static DescribeScheduleResponse Describe(ScheduleState state, ScheduleTimes times, DateTimeOffset now) => new()
    {
        Schedule = state.Schedule.Clone(),
        Info = new ScheduleInfo
        {
            ActionCount = state.Actions,
            MissedCatchupWindow = state.Missed,
            OverlapSkipped = state.Skipped,
            BufferDropped = state.Dropped,
            BufferSize = state.Buffer.Count,
            RunningWorkflows =
            {
                state.Running.Where(r => r.IsStarted).Select(r => new WorkflowExecution { WorkflowId = r.WorkflowId, RunId = r.RunId }),
            },
            RecentActions = { state.Recent },
            FutureActionTimes = { Future(state, times, now, MaxFuture) },
            CreateTime = Timestamp.FromDateTimeOffset(state.CreatedAt),
            UpdateTime = state.UpdatedAt is { } updated ? Timestamp.FromDateTimeOffset(updated) : null,
        },
        Memo = state.Memo ?? new Memo(),
        SearchAttributes = state.SearchAttributes ?? new SearchAttributes(),
        ConflictToken = TokenOf(state),
    };

    /// <summary>An entry of a list, without its future times: they pass without a step.</summary>
    public static ScheduleListEntry Entry(ScheduleState state) => new()
    {
        ScheduleId = state.Id,
        Memo = state.Memo ?? new Memo(),
        SearchAttributes = state.SearchAttributes ?? new SearchAttributes(),
        Info = new ScheduleListInfo
        {
            Spec = state.Schedule.Spec,
            WorkflowType = state.Schedule.Action.StartWorkflow.WorkflowType,
            Notes = state.Schedule.State.Notes,
            Paused = state.IsPaused,
            RecentActions = { state.Recent.TakeLast(MaxListed) },
        },
    };

    /// <summary>Puts the future times to an entry as it is read.</summary>
    public static void AddFuture(ScheduleListEntry entry, string ns, DateTimeOffset now) =>
        entry.Info.FutureActionTimes.Add(new ScheduleTimes(entry.Info.Spec, new ScheduleKey(ns, entry.ScheduleId).ToString())
            .After(now, MaxListed).Select(t => Timestamp.FromDateTimeOffset(t.At)));

    /// <summary>What is found by: its own attributes, and whether it is paused.</summary>
    public static SearchAttributes Attributes(ScheduleState state)
    {
        var all = state.SearchAttributes?.Clone() ?? new SearchAttributes();
        all.IndexedFields[ScheduledStart.PausedAttribute] = ScheduledStart.Attribute(IndexedValueType.Bool, state.IsPaused ? "true" : "false");
        return all;
    }

    public static ByteString TokenOf(ScheduleState state) => ByteString.CopyFromUtf8($"{state.Uid}/{state.Revision}");

    private static IEnumerable<Timestamp> Future(ScheduleState state, ScheduleTimes times, DateTimeOffset now, int most)
    {
        var limits = state.Schedule.State;
        most = limits.LimitedActions ? (int)Math.Clamp(limits.RemainingActions, 0, most) : most;
        return times.After(state.Processed > now ? state.Processed : now, most).Select(t => Timestamp.FromDateTimeOffset(t.At));
    }
}
