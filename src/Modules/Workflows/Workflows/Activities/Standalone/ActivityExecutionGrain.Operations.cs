using Flagstone.Workflows.Executions;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Activities.Standalone;

/// <summary>Operations on the activity while it is under way.</summary>
internal sealed partial class ActivityExecutionGrain
{
    public Task<Answer> PauseAsync(Call call)
    {
        var request = PauseActivityExecutionRequest.Parser.ParseFrom(call.Request);
        var identity = request.Identity.Length > 0 ? request.Identity : call.Caller;
        return ChangeAsync(
            call, CallerAct.Pause, new PauseActivityExecutionResponse(), of => ActivityOperations.Pause(of.Activity, identity, request.Reason, clock.GetUtcNow()));
    }

    public Task<Answer> UnpauseAsync(Call call)
    {
        var request = UnpauseActivityExecutionRequest.Parser.ParseFrom(call.Request);
        return ChangeAsync(call, CallerAct.Unpause, new UnpauseActivityExecutionResponse(), of => ActivityOperations.Unpause(
            of.Activity, resetAttempts: false, resetHeartbeat: false, ActivityOperations.Spread(request.Jitter), clock.GetUtcNow()));
    }

    public Task<Answer> ResetAsync(Call call)
    {
        var request = ResetActivityExecutionRequest.Parser.ParseFrom(call.Request);
        return ChangeAsync(call, CallerAct.Reset, new ResetActivityExecutionResponse(), of =>
        {
            if (request.RestoreOriginalOptions)
            {
                ActivityOptionRules.Restore(of.Activity, TimeSpan.Zero, AsStarted(of));
            }

            ActivityOperations.Reset(of.Activity, request.ResetHeartbeat, request.KeepPaused, ActivityOperations.Spread(request.Jitter), clock.GetUtcNow());
        });
    }

    public async Task<Answer> UpdateOptionsAsync(Call call)
    {
        var request = UpdateActivityExecutionOptionsRequest.Parser.ParseFrom(call.Request);
        var answer = new UpdateActivityExecutionOptionsResponse();
        return await ChangeAsync(call, CallerAct.ChangeOptions, answer, of =>
        {
            if (request.RestoreOriginal)
            {
                ActivityOptionRules.Restore(of.Activity, TimeSpan.Zero, AsStarted(of));
            }
            else if (ActivityOptionRules.Change(of.Activity, TimeSpan.Zero, request.ActivityOptions, request.UpdateMask) is { } refusal)
            {
                return refusal;
            }

            answer.ActivityOptions = ActivityOptionRules.Of(of.Activity);
            return null;
        });
    }

    private ActivityState AsStarted(StandaloneActivity of) => StandaloneActivityRules.Begin(key, started, of.CreatedAt).Activity;
}
