using Flagstone.Workflows.People;

namespace Flagstone.Workflows.Executions;

/// <summary>Activities that people decide.</summary>
internal sealed partial class ExecutionGrain
{
    public Task<HumanReply> DecideAsync(HumanCall call) => HumanAsync(call, HumanRules.Decide, row => HumanTasks.Decided(row, call));

    public Task<HumanReply> DelegateAsync(HumanCall call) => HumanAsync(call, HumanRules.Delegate, HumanTasks.Over);

    /// <param name="decide">Null when the change is to be stored.</param>
    /// <param name="over">The answer for a task that is over.</param>
    private async Task<HumanReply> HumanAsync(
        HumanCall call, Func<RunChange, ActivityState, HumanCall, HumanReply?> decide, Func<HumanTaskRow, HumanReply> over)
    {
        if (run is not { IsRunning: true } || run.RunId != call.RunId || run.Activities.GetValueOrDefault(call.EventId)?.Human is null)
        {
            return await humans.FindAsync(call.RunId, call.EventId, CancellationToken.None) is not { } row ? HumanTasks.Missing(call)
                : row.Phase == HumanTaskPhase.Open ? HumanTasks.Changed : over(row);
        }

        var change = Step(By(call.Name), actor: call.Actor);
        if (decide(change, run.Activities[call.EventId], call) is { } answer)
        {
            Drop();
            return answer;
        }

        return await CommitAsync(change) is null ? HumanReply.Done : HumanTasks.Changed;
    }
}
