using System.Globalization;
using Flagstone.Workflows.Children;
using Flagstone.Workflows.Commands;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Schedules;

/// <summary>A schedule's action as the start of a run. Pure.</summary>
internal static class ScheduledStart
{
    public const string StartTimeAttribute = "TemporalScheduledStartTime";
    public const string ScheduleAttribute = "TemporalScheduledById";
    public const string PausedAttribute = "TemporalSchedulePaused";

    /// <summary>The time by the spec stands behind the id that the action has, unless the schedule says otherwise.</summary>
    public static string WorkflowIdOf(ScheduleState state, DateTimeOffset nominal)
    {
        var id = state.Schedule.Action.StartWorkflow.WorkflowId;
        return state.Schedule.Policies.KeepOriginalWorkflowId ? id : $"{id}-{Text(nominal)}";
    }

    /// <summary>The same however often the start is tried.</summary>
    /// <param name="number">Of the start, among those of the schedule.</param>
    public static string RunIdOf(ScheduleState state, long number) => ChildRules.RunIdOf(state.Uid, number);

    public static string Identity(ScheduleState state) => $"temporal-scheduler-{state.NamespaceName}-{state.Id}";

    public static StartWorkflowExecutionRequest Of(ScheduleState state, ScheduledRun run)
    {
        var request = state.Schedule.Action.StartWorkflow.CopyTo(new StartWorkflowExecutionRequest());
        // Copies share what they hold with the schedule.
        request = request.Clone();
        request.Namespace = state.NamespaceName;
        request.WorkflowId = run.WorkflowId;
        request.RequestId = run.RunId;
        request.Identity = Identity(state);
        // The id names the time: what has run for it does not run for it again.
        request.WorkflowIdReusePolicy = state.Schedule.Policies.KeepOriginalWorkflowId
            ? WorkflowIdReusePolicy.AllowDuplicate : WorkflowIdReusePolicy.RejectDuplicate;
        request.LastCompletionResult = run.LastResult;
        request.ContinuedFailure = run.LastFailure;
        request.SearchAttributes ??= new SearchAttributes();
        request.SearchAttributes.IndexedFields[StartTimeAttribute] = Attribute(IndexedValueType.Datetime, $"\"{Text(run.Nominal)}\"");
        request.SearchAttributes.IndexedFields[ScheduleAttribute] = Attribute(IndexedValueType.Keyword, System.Text.Json.JsonSerializer.Serialize(state.Id));
        return request;
    }

    public static Payload Attribute(IndexedValueType type, string json) => new()
    {
        Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain"), ["type"] = ByteString.CopyFromUtf8(type.ToString()) },
        Data = ByteString.CopyFromUtf8(json),
    };

    private static string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
