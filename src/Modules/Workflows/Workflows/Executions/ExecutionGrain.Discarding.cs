using Flagstone.Platform.Ledger;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>The deletion of runs: by hand, by their age, and with their namespace.</summary>
internal sealed partial class ExecutionGrain
{
    private const string DeletedReason = "Delete workflow execution";

    public async Task<Answer> DeleteAsync(Call call)
    {
        if (await FindAsync(call.RunId) is not { } found)
        {
            return await MissingAsync(call.RunId);
        }

        if (found.IsRunning && await TerminateToDeleteAsync(call) is { } refusal)
        {
            return refusal;
        }

        return await DropAsync(found, CallerAct.Of(call, CallerAct.Delete)) is { } failed ? failed : Answer.Of(new DeleteWorkflowExecutionResponse());
    }

    public async Task<Answer> DiscardAsync(string runId, DateTimeOffset? closedBefore)
    {
        // Gone already, or kept for longer by now: who asked finds out from the rows.
        if (await FindAsync(runId) is not { } found || (closedBefore is { } time && !(found.ClosedAt < time)))
        {
            return Answer.Of(new DeleteWorkflowExecutionResponse());
        }

        if (found.IsRunning && await TerminateToDeleteAsync(null) is { } refusal)
        {
            return refusal;
        }

        return await DropAsync(found, null) is { } failed ? failed : Answer.Of(new DeleteWorkflowExecutionResponse());
    }

    private async Task<RunState?> FindAsync(string runId) =>
        runId.Length == 0 || runId == run?.RunId ? run : await store.FindRunAsync(key, runId, CancellationToken.None);

    /// <summary>A step of its own: its end is told, and is evidence, before the run is gone.</summary>
    private async Task<Refusal?> TerminateToDeleteAsync(Call? call)
    {
        var change = Step(call is null ? null : By(call.Caller), call?.Actor);
        Closing.Terminate(change, DeletedReason, null, ServerIdentity);
        return await CommitAsync(change);
    }

    /// <summary>Deletes a closed run with all that belongs to it. The run that came before it is then the current one, until the last is gone.</summary>
    private async Task<Refusal?> DropAsync(RunState closed, CallerAct? act)
    {
        // Who is told of its end must be told first: what is said is read from the run.
        if (await outbox.IsSendingAsync(closed.RunId, CancellationToken.None))
        {
            return Refusal.Unavailable("What the execution tells others is not delivered yet. Try again.");
        }

        try
        {
            if (!await store.DeleteAsync(key, version, committed.RunId ?? "", closed, act, CancellationToken.None))
            {
                LogOvertaken(key.WorkflowId, version);
                await LoadAsync();
                return Refusal.Unavailable("The execution changed meanwhile. Try again.");
            }
        }
        catch (StoreUnavailableException)
        {
            DeactivateOnIdle();
            await LoadAsync();
            throw;
        }

        await LoadAsync();
        return null;
    }
}
