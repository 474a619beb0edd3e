using Temporalio.Activities;
using Temporalio.Workflows;

#pragma warning disable CA1822 // The SDK calls a workflow and its activities on an instance.

namespace Flagstone.Load;

/// <summary>A workflow of one activity.</summary>
[Workflow]
public sealed class GreetingWorkflow
{
    [WorkflowRun]
    public Task<string> RunAsync(string name) => Workflow.ExecuteActivityAsync(() => Greet(name), new ActivityOptions { StartToCloseTimeout = TimeSpan.FromMinutes(1) });

    [Activity]
    public static string Greet(string name) => $"Hello, {name}!";
}

/// <summary>Waits for so many signals.</summary>
[Workflow]
public sealed class SignalledWorkflow
{
    private int heard;

    [WorkflowSignal]
    public Task HearAsync(int number)
    {
        heard++;
        return Task.CompletedTask;
    }

    [WorkflowRun]
    public Task RunAsync(int signals) => Workflow.WaitConditionAsync(() => heard >= signals);
}

/// <summary>Sleeps until a time, so that many timers are due at once.</summary>
[Workflow]
public sealed class SleepingWorkflow
{
    [WorkflowRun]
    public Task RunAsync(DateTime until) => until > Workflow.UtcNow ? Workflow.DelayAsync(until - Workflow.UtcNow) : Task.CompletedTask;
}

/// <summary>Calls one activity after the other: six events for each.</summary>
[Workflow]
public sealed class LongWorkflow
{
    [WorkflowRun]
    public async Task RunAsync(int activities)
    {
        for (var i = 0; i < activities; i++)
        {
            await Workflow.ExecuteActivityAsync(() => GreetingWorkflow.Greet("Ada"), new ActivityOptions { StartToCloseTimeout = TimeSpan.FromMinutes(1) });
        }
    }
}
