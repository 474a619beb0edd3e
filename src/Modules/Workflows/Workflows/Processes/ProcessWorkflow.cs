using System.Text.Json.Nodes;
using Flagstone.Workflows.Contracts.Processes;
using Temporalio.Exceptions;
using Temporalio.Workflows;

namespace Flagstone.Workflows.Processes;

/// <summary>
/// The one workflow of the platform's own processes: it takes the steps of a plan, one after the other. The plan is in its history, so that what is under
/// way when the platform is renewed goes on as it was begun. When it ends early, what can be undone is undone, the last first.
/// </summary>
[Workflow(ProcessMemo.WorkflowType)]
internal sealed class ProcessWorkflow
{
    private readonly List<(int Step, ProcessDeed Deed)> undoable = [];
    private readonly List<ProcessDecision> approvals = [];
    private ProcessInput input = new("", new ProcessPlan("", "", []), "", "", "");

    /// <summary>True once something was begun that nothing undoes: then it goes to its end, whoever takes it back.</summary>
    private bool isPastRecall;

    private CancellationToken Recall => isPastRecall ? CancellationToken.None : Workflow.CancellationToken;

    [WorkflowRun]
    public async Task<ProcessResult> RunAsync(ProcessInput asked)
    {
        input = asked;
        try
        {
            for (var step = 0; step < asked.Plan.Steps.Count; step++)
            {
                if (await TakeAsync(step, asked.Plan.Steps[step]) is { } refusal)
                {
                    await UndoAsync();
                    return End(ProcessMemo.Refused, refusal);
                }
            }
        }
        catch (Exception e) when (TemporalException.IsCanceledException(e))
        {
            await UndoAsync();
            Stage("It was taken back");
            throw;
        }

        return End(ProcessMemo.Completed, "All of it is done");
    }

    /// <summary>Null when the process goes on; else why it ends.</summary>
    private async Task<string?> TakeAsync(int number, ProcessStep step)
    {
        var until = ProcessRules.Until(step, new DateTimeOffset(Workflow.UtcNow, TimeSpan.Zero));
        Workflow.UpsertMemo(
            MemoUpdate.ValueSet(ProcessMemo.Stage, step.Title), MemoUpdate.ValueSet(ProcessMemo.Step, number),
            until is { } end ? MemoUpdate.ValueSet(ProcessMemo.Until, end) : MemoUpdate.ValueUnset(ProcessMemo.Until));
        if (until is { } then)
        {
            await Workflow.DelayAsync(then.UtcDateTime - Workflow.UtcNow, Recall);
        }

        if (step.Ask is { } question)
        {
            return await AskAsync(question);
        }

        if (step.Act is { } deed)
        {
            isPastRecall |= deed.Undo is null;
            if (deed.Undo is not null)
            {
                // Before it is begun: what was done in part is undone too.
                undoable.Add((number, deed));
            }

            await ActAsync(number, step.Title, deed, deed.Action);
        }

        return null;
    }

    private async Task<string?> AskAsync(ProcessQuestion question)
    {
        List<string> barred = [input.AskedBy, .. question.ApproversMayDecide ? [] : approvals.Select(a => a.By)];
        if (await ProcessPeople.AskAsync(input, "approval", question, [], barred, Recall) is not { } made)
        {
            return "Nobody decided in time";
        }

        if (made.Decision != ProcessPeople.Approve)
        {
            return $"{made.By} refused it: {made.Reason}";
        }

        approvals.Add(made);
        return null;
    }

    private async Task ActAsync(int number, string title, ProcessDeed deed, string action)
    {
        var act = new ProcessAct(
            action, deed.Arguments, Workflow.Info.FirstExecutionRunId, number, input.AskedBy, input.AskedById, ProcessRules.Reason(input, approvals));
        while (true)
        {
            try
            {
                await Workflow.ExecuteActivityAsync((ProcessActivities a) => a.ActAsync(input.Process, act), ProcessRules.Acting(title, Recall));
                return;
            }
            catch (ActivityFailureException e) when (e.InnerException is ApplicationFailureException refused)
            {
                await AskWhetherAgainAsync(title, refused.Message);
                Stage(title);
            }
        }
    }

    /// <summary>Comes back when it is to be tried again; else the process fails.</summary>
    private async Task AskWhetherAgainAsync(string title, string why)
    {
        Stage($"{title}: this failed, and an administrator is asked");
        var made = await ProcessPeople.AskAsync(input, "trouble", ProcessRules.Trouble(input, title, why), [ProcessPeople.Retry, ProcessPeople.Stop], [], Recall);
        if (made?.Decision != ProcessPeople.Retry)
        {
            var message = made is null ? $"{title}: {why} Nobody said what to do." : $"{title}: {why} {made.By} stopped it: {made.Reason}";
            Stage(message);
            throw new ApplicationFailureException(message, "Stopped", nonRetryable: true);
        }
    }

    private async Task UndoAsync()
    {
        isPastRecall = true;
        foreach (var (step, deed) in Enumerable.Reverse(undoable))
        {
            await ActAsync(step, $"Undone: {input.Plan.Steps[step].Title}", deed, deed.Undo!);
        }
    }

    private static ProcessResult End(string outcome, string message)
    {
        Workflow.UpsertMemo(MemoUpdate.ValueSet(ProcessMemo.Outcome, outcome), MemoUpdate.ValueSet(ProcessMemo.Stage, message));
        return new ProcessResult(outcome, message);
    }

    private static void Stage(string text) => Workflow.UpsertMemo(MemoUpdate.ValueSet(ProcessMemo.Stage, text));
}
