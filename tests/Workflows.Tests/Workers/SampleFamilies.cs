using Temporalio.Common;
using Temporalio.Exceptions;
using Temporalio.Workflows;

#pragma warning disable CA1822 // The SDK calls a workflow on an instance.

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Starts the child that it is told to, and returns its result, or what became of it.</summary>
[Workflow]
public sealed class ParentWorkflow
{
    [WorkflowRun]
    public async Task<string> RunAsync(ChildPlan plan)
    {
        try
        {
            var child = await Workflow.StartChildWorkflowAsync(plan.Workflow, plan.Argument is null ? [] : [plan.Argument], new ChildWorkflowOptions
            {
                Id = plan.Id,
                ParentClosePolicy = plan.Policy,
                CancellationType = ChildWorkflowCancellationType.WaitCancellationCompleted,
                RetryPolicy = plan.Retries ? new RetryPolicy { InitialInterval = TimeSpan.FromMilliseconds(20) } : null,
            });
            if (plan.ThenContinues)
            {
                var next = new ChildPlan("HelloWorkflow", $"{plan.Id}-next", "Ada");
                throw Workflow.CreateContinueAsNewException((ParentWorkflow w) => w.RunAsync(next));
            }

            return (await child.GetResultAsync<object?>())?.ToString() ?? "";
        }
        catch (WorkflowAlreadyStartedException)
        {
            return "in use";
        }
        catch (ChildWorkflowFailureException e) when (e.InnerException is not CanceledFailureException)
        {
            return $"{e.InnerException!.GetType().Name}: {e.InnerException.Message}";
        }
    }
}

public sealed record ChildPlan(string Workflow, string Id, object? Argument = null)
{
    public ParentClosePolicy Policy { get; init; }

    public bool Retries { get; init; }

    public bool ThenContinues { get; init; }
}

/// <summary>Continues as new as often as it is told, and then waits to be cancelled.</summary>
[Workflow]
public sealed class RestlessWorkflow
{
    [WorkflowRun]
    public async Task<string> RunAsync(int more)
    {
        if (more > 0)
        {
            throw Workflow.CreateContinueAsNewException((RestlessWorkflow w) => w.RunAsync(more - 1));
        }

        await Workflow.WaitConditionAsync(() => false);
        return "never";
    }
}

/// <summary>Signals another workflow, or asks it to cancel; returns what became of that.</summary>
[Workflow]
public sealed class CallingWorkflow
{
    [WorkflowRun]
    public async Task<string> RunAsync(string target, string[] words)
    {
        var other = Workflow.GetExternalWorkflowHandle<ListeningWorkflow>(target);
        try
        {
            foreach (var word in words)
            {
                await other.SignalAsync(w => w.HearAsync(word));
            }

            if (words.Length == 0)
            {
                await other.CancelAsync();
            }

            return "done";
        }
        catch (FailureException e)
        {
            return e.Message;
        }
    }
}

/// <summary>Runs children at once, tells a listener of each that is done, and returns their results in order.</summary>
[Workflow]
public sealed class FamilyWorkflow
{
    [WorkflowRun]
    public async Task<string> RunAsync(string id, int children, int length, string listener)
    {
        var results = await Workflow.WhenAllAsync(Enumerable.Range(0, children).Select(i => ChildAsync($"{id}-{i}", length, listener)));
        return string.Join('|', results);
    }

    private static async Task<string> ChildAsync(string id, int length, string listener)
    {
        var result = await Workflow.ExecuteChildWorkflowAsync(
            (ChainWorkflow w) => w.RunAsync(id, length), new ChildWorkflowOptions { Id = id, TaskTimeout = TimeSpan.FromSeconds(2) });
        await Workflow.GetExternalWorkflowHandle<ListeningWorkflow>(listener).SignalAsync(w => w.HearAsync(id));
        return result;
    }
}
