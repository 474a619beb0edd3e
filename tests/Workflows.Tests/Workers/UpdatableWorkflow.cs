using Temporalio.Exceptions;
using Temporalio.Workflows;

#pragma warning disable CA1822 // The SDK calls a workflow on an instance.

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>An account that is changed by updates until it is closed.</summary>
[Workflow]
public sealed class UpdatableWorkflow
{
    private int balance;
    private bool done;

    [WorkflowUpdate]
    public Task<int> AddAsync(int amount)
    {
        balance += amount;
        return Task.FromResult(balance);
    }

    [WorkflowUpdateValidator(nameof(AddAsync))]
    public void ValidateAdd(int amount)
    {
        if (amount < 0)
        {
            throw new ApplicationFailureException("An amount is not negative.");
        }
    }

    /// <summary>Greets by an activity before it adds.</summary>
    [WorkflowUpdate]
    public async Task<string> GreetAsync(string name) => await Workflow.ExecuteActivityAsync(
        (SampleActivities a) => a.Greet(name), new ActivityOptions { StartToCloseTimeout = TimeSpan.FromSeconds(30) });

    /// <summary>Is accepted, and never comes to an end.</summary>
    [WorkflowUpdate]
    public Task WaitAsync() => Workflow.WaitConditionAsync(() => false);

    [WorkflowSignal]
    public Task EndAsync()
    {
        done = true;
        return Task.CompletedTask;
    }

    [WorkflowRun]
    public async Task<int> RunAsync()
    {
        await Workflow.WaitConditionAsync(() => done);
        return balance;
    }
}
