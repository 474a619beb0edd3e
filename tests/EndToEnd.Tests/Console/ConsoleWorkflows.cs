using Temporalio.Activities;
using Temporalio.Common;
using Temporalio.Exceptions;
using Temporalio.Workflows;

#pragma warning disable CA1822 // The SDK calls a workflow and its activities on an instance.

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>Does an activity, starts a child, and waits for a signal.</summary>
[Workflow]
public sealed class OrderWorkflow
{
    private string approvedBy = "";

    [WorkflowSignal]
    public Task ApproveAsync(string by)
    {
        approvedBy = by;
        return Task.CompletedTask;
    }

    [WorkflowQuery]
    public string Approved() => approvedBy.Length > 0 ? approvedBy : "nobody yet";

    [WorkflowRun]
    public async Task<string> RunAsync(Order order)
    {
        var price = await Workflow.ExecuteActivityAsync(() => OrderActivities.Price(order), new() { StartToCloseTimeout = TimeSpan.FromSeconds(30) });
        await Workflow.ExecuteChildWorkflowAsync((StepWorkflow w) => w.RunAsync("pack"), new() { Id = $"{Workflow.Info.WorkflowId}-pack" });
        await Workflow.WaitConditionAsync(() => approvedBy.Length > 0);
        return $"{order.Item} for {price}, approved by {approvedBy}";
    }
}

[Workflow]
public sealed class StepWorkflow
{
    [WorkflowRun]
    public async Task<string> RunAsync(string step)
    {
        await Workflow.DelayAsync(TimeSpan.FromMilliseconds(10));
        return step;
    }
}

/// <summary>Does an activity, approves of an order that it starts, starts a child that fails, and is continued.</summary>
[Workflow]
public sealed class TripWorkflow
{
    [WorkflowRun]
    public async Task RunAsync(int more)
    {
        var id = Workflow.Info.WorkflowId;
        await Workflow.ExecuteActivityAsync(() => OrderActivities.Price(new Order("seat", more)), new() { StartToCloseTimeout = TimeSpan.FromSeconds(30) });
        var order = await Workflow.StartChildWorkflowAsync((OrderWorkflow w) => w.RunAsync(new Order("seat", 1)), new() { Id = $"{id}-order-{more}" });
        await order.SignalAsync(w => w.ApproveAsync("the trip"));
        await order.GetResultAsync();
        try
        {
            await Workflow.ExecuteChildWorkflowAsync((FailingWorkflow w) => w.RunAsync(), new() { Id = $"{id}-fails-{more}" });
        }
        catch (ChildWorkflowFailureException)
        {
            // It goes on without.
        }

        if (more > 0)
        {
            throw Workflow.CreateContinueAsNewException((TripWorkflow w) => w.RunAsync(more - 1));
        }
    }
}

[Workflow]
public sealed class FailingWorkflow
{
    [WorkflowRun]
    public Task RunAsync() => throw new ApplicationFailureException("The hotel is full.", errorType: "Full");
}

/// <summary>Its activity fails and is tried again in an hour; a timer runs beside it.</summary>
[Workflow]
public sealed class RetryingWorkflow
{
    [WorkflowRun]
    public Task RunAsync() => Workflow.WhenAllAsync(
        Workflow.DelayAsync(TimeSpan.FromDays(1)),
        Workflow.ExecuteActivityAsync(() => OrderActivities.Charge(), new()
        {
            StartToCloseTimeout = TimeSpan.FromSeconds(30), RetryPolicy = new RetryPolicy { InitialInterval = TimeSpan.FromHours(1) },
        }));
}

/// <summary>Its code throws what is no failure of the workflow: its workflow task fails again and again.</summary>
[Workflow]
public sealed class BrokenWorkflow
{
    [WorkflowRun]
    public Task RunAsync() => throw new InvalidOperationException("This code never works.");
}

public sealed record Order(string Item, int Count);

public static class OrderActivities
{
    [Activity]
    public static int Price(Order order) => 12 * order.Count;

    [Activity]
    public static string Charge() => throw new ApplicationFailureException("The card was declined.", errorType: "CardDeclined");
}
