using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console.Schedules;

/// <summary>A schedule that something is done to.</summary>
/// <param name="Namespace">The workflow namespace's name.</param>
public sealed record ScheduleTarget(string Namespace, string Id);

/// <summary>Does what people ask of schedules in the console, by the messages of the gRPC API. An answer is null when it is done, else why it is not.</summary>
internal sealed class ScheduleActions(TemporalCalls calls)
{
    /// <summary>The reason becomes the schedule's note.</summary>
    public Task<string?> PauseAsync(Caller caller, ScheduleTarget schedule, string reason) =>
        PatchAsync(caller, schedule, new SchedulePatch { Pause = reason }, reason);

    /// <summary>The reason becomes the schedule's note.</summary>
    public Task<string?> UnpauseAsync(Caller caller, ScheduleTarget schedule, string reason) =>
        PatchAsync(caller, schedule, new SchedulePatch { Unpause = reason }, reason);

    /// <param name="overlap">Unspecified for the schedule's own policy.</param>
    public Task<string?> TriggerAsync(Caller caller, ScheduleTarget schedule, ScheduleOverlapPolicy overlap, string reason) =>
        PatchAsync(caller, schedule, new SchedulePatch { TriggerImmediately = new TriggerImmediatelyRequest { OverlapPolicy = overlap } }, reason);

    /// <param name="from">The times from here.</param>
    /// <param name="to">The times up to here, this one too.</param>
    /// <param name="overlap">Unspecified for the schedule's own policy.</param>
    public Task<string?> BackfillAsync(
        Caller caller, ScheduleTarget schedule, DateTimeOffset from, DateTimeOffset to, ScheduleOverlapPolicy overlap, string reason) =>
        PatchAsync(caller, schedule, new SchedulePatch
        {
            BackfillRequest =
            {
                new BackfillRequest { StartTime = Timestamp.FromDateTimeOffset(from), EndTime = Timestamp.FromDateTimeOffset(to), OverlapPolicy = overlap },
            },
        }, reason);

    public async Task<string?> DeleteAsync(Caller caller, ScheduleTarget schedule, string reason) => (await calls.CallAsync<DeleteScheduleResponse>(
        caller, new DeleteScheduleRequest { Namespace = schedule.Namespace, ScheduleId = schedule.Id, Identity = RunActions.Identity }, reason,
        CancellationToken.None)).Refusal;

    private async Task<string?> PatchAsync(Caller caller, ScheduleTarget schedule, SchedulePatch patch, string reason) => (await calls.CallAsync<PatchScheduleResponse>(
        caller, new PatchScheduleRequest
        {
            Namespace = schedule.Namespace, ScheduleId = schedule.Id, Patch = patch, Identity = RunActions.Identity, RequestId = Guid.NewGuid().ToString(),
        }, reason, CancellationToken.None)).Refusal;
}
