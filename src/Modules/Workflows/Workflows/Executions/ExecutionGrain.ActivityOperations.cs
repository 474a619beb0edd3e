using Flagstone.Workflows.Activities;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Operations on activities that are under way.</summary>
internal sealed partial class ExecutionGrain
{
    public Task<Answer> PauseActivityAsync(Call call)
    {
        var request = PauseActivityRequest.Parser.ParseFrom(call.Request);
        var identity = request.Identity.Length > 0 ? request.Identity : call.Caller;
        return OperateAsync(call, new ActivityChoice(request.Id, request.Type), (change, chosen) =>
        {
            chosen.ForEach(a => ActivityOperations.Pause(change, a, identity, request.Reason));
            return Answer.Of(new PauseActivityResponse());
        });
    }

    public Task<Answer> UnpauseActivityAsync(Call call)
    {
        var request = UnpauseActivityRequest.Parser.ParseFrom(call.Request);
        return OperateAsync(call, new ActivityChoice(request.Id, request.Type), (change, chosen) =>
        {
            chosen.ForEach(a => ActivityOperations.Unpause(change, a, request.ResetAttempts, request.ResetHeartbeat, ActivityOperations.Spread(request.Jitter)));
            return Answer.Of(new UnpauseActivityResponse());
        });
    }

    public async Task<Answer> ResetActivityAsync(Call call)
    {
        var request = ResetActivityRequest.Parser.ParseFrom(call.Request);
        var choice = new ActivityChoice(request.Id, request.Type);
        var scheduled = request.RestoreOriginalOptions ? await ScheduledAsync(choice) : [];
        return await OperateAsync(call, choice, (change, chosen) =>
        {
            foreach (var activity in chosen)
            {
                if (scheduled.TryGetValue(activity.ScheduledId, out var first))
                {
                    ActivityOptionRules.Restore(change, activity, first);
                }

                ActivityOperations.Reset(change, activity, request.ResetHeartbeat, request.KeepPaused, ActivityOperations.Spread(request.Jitter));
            }

            return Answer.Of(new ResetActivityResponse());
        });
    }

    public async Task<Answer> UpdateActivityOptionsAsync(Call call)
    {
        var request = UpdateActivityOptionsRequest.Parser.ParseFrom(call.Request);
        var choice = new ActivityChoice(request.Id, request.Type);
        var scheduled = request.RestoreOriginal ? await ScheduledAsync(choice) : [];
        return await OperateAsync(call, choice, (change, chosen) =>
        {
            foreach (var activity in chosen)
            {
                if (scheduled.TryGetValue(activity.ScheduledId, out var first))
                {
                    ActivityOptionRules.Restore(change, activity, first);
                }
                else if (!request.RestoreOriginal && ActivityOptionRules.Change(change, activity, request.ActivityOptions, request.UpdateMask) is { } refusal)
                {
                    return refusal;
                }
            }

            return Answer.Of(new UpdateActivityOptionsResponse { ActivityOptions = chosen is [var one, ..] ? ActivityOptionRules.Of(one) : null });
        });
    }

    private Task<Answer> OperateAsync(Call call, ActivityChoice choice, Func<RunChange, List<ActivityState>, Answer> operate) =>
        StepAsync(call, change => choice.In(change.Run) is { } chosen ? operate(change, chosen) : choice.Missing());

    /// <summary>The activities as their events scheduled them, by the event's id.</summary>
    private async Task<Dictionary<long, ActivityState>> ScheduledAsync(ActivityChoice choice)
    {
        var scheduled = new Dictionary<long, ActivityState>();
        foreach (var activity in (run is null ? null : choice.In(run)) ?? [])
        {
            var events = await store.EventsAsync(run!.RunId, activity.ScheduledId, activity.ScheduledId, 1, HistoryLimits.MaxBytes, CancellationToken.None);
            scheduled[activity.ScheduledId] = ActivityRules.Of(events[0]);
        }

        return scheduled;
    }
}
