using Flagstone.Workflows.Tests.Workers;
using Temporalio.Common;
using Temporalio.Workflows;

#pragma warning disable CA1822 // The SDK calls a workflow on an instance.

namespace Flagstone.Workflows.Tests.TimeSkipping;

/// <summary>Takes seven days, with an activity between that fails twice and is tried again after an hour and two; returns how long it took.</summary>
[Workflow]
public sealed class WeekWorkflow
{
    [WorkflowRun]
    public async Task<double> RunAsync()
    {
        var began = Workflow.UtcNow;
        await Workflow.DelayAsync(TimeSpan.FromDays(3));
        await Workflow.ExecuteActivityAsync((SampleActivities a) => a.Fail("2"), new ActivityOptions
        {
            StartToCloseTimeout = TimeSpan.FromSeconds(30), RetryPolicy = new RetryPolicy { InitialInterval = TimeSpan.FromHours(1), BackoffCoefficient = 2 },
        });
        await Workflow.DelayAsync(TimeSpan.FromDays(4));
        return Math.Floor((Workflow.UtcNow - began).TotalHours);
    }
}

/// <summary>Sleeps a day in each run of a chain; returns the days since the first one began.</summary>
[Workflow]
public sealed class DailyWorkflow
{
    [WorkflowRun]
    public async Task<double> RunAsync(int more, DateTime? first)
    {
        var began = first ?? Workflow.UtcNow;
        await Workflow.DelayAsync(TimeSpan.FromDays(1));
        return more == 0 ? Math.Floor((Workflow.UtcNow - began).TotalDays)
            : throw Workflow.CreateContinueAsNewException((DailyWorkflow w) => w.RunAsync(more - 1, began));
    }
}

/// <summary>Sleeps a day, and then runs a child that sleeps a day; returns the days from its own start to the child's.</summary>
[Workflow]
public sealed class SleepingParentWorkflow
{
    [WorkflowRun]
    public async Task<double> RunAsync(string child)
    {
        var began = Workflow.UtcNow;
        await Workflow.DelayAsync(TimeSpan.FromDays(1));
        var childBegan = await Workflow.ExecuteChildWorkflowAsync((SleepingChildWorkflow w) => w.RunAsync(), new ChildWorkflowOptions { Id = child });
        return Math.Floor((childBegan - began).TotalDays);
    }
}

[Workflow]
public sealed class SleepingChildWorkflow
{
    [WorkflowRun]
    public async Task<DateTime> RunAsync()
    {
        var began = Workflow.UtcNow;
        await Workflow.DelayAsync(TimeSpan.FromDays(1));
        return began;
    }
}

/// <summary>Sleeps so many days, one by one; returns how many have passed.</summary>
[Workflow]
public sealed class DaysWorkflow
{
    [WorkflowRun]
    public async Task<double> RunAsync(int days)
    {
        var began = Workflow.UtcNow;
        for (var i = 0; i < days; i++)
        {
            await Workflow.DelayAsync(TimeSpan.FromDays(1));
        }

        return Math.Floor((Workflow.UtcNow - began).TotalDays);
    }
}
