using Temporalio.Activities;
using Temporalio.Workflows;

#pragma warning disable CA1822 // The SDK calls a workflow and its activities on an instance.

namespace Flagstone.Workflows.Tests.Deployments;

/// <summary>At each signal it asks an activity for the build of its worker, and notes it; in the end it says all of them.</summary>
[Workflow]
public sealed class VersionedWorkflow
{
    private readonly Queue<string> asked = [];
    private string seen = "";

    [WorkflowQuery]
    public string Seen() => seen;

    /// <param name="what"><c>step</c>, <c>child</c>, <c>continue</c> or <c>end</c>.</param>
    [WorkflowSignal]
    public Task DoAsync(string what)
    {
        asked.Enqueue(what);
        return Task.CompletedTask;
    }

    [WorkflowRun]
    public async Task<string> RunAsync(string before)
    {
        seen = before;
        while (true)
        {
            await Workflow.WaitConditionAsync(() => asked.Count > 0);
            switch (asked.Dequeue())
            {
                case "step":
                    seen += await BuildAsync();
                    break;
                case "child":
                    seen += await Workflow.ExecuteChildWorkflowAsync((VersionedChild c) => c.RunAsync(), new ChildWorkflowOptions { Id = $"{Workflow.Info.WorkflowId}-child" });
                    break;
                case "continue":
                    throw Workflow.CreateContinueAsNewException((VersionedWorkflow w) => w.RunAsync(seen));
                default:
                    return seen;
            }
        }
    }

    internal static Task<string> BuildAsync() =>
        Workflow.ExecuteActivityAsync((BuildActivity a) => a.Build(), new ActivityOptions { StartToCloseTimeout = TimeSpan.FromSeconds(30) });
}

[Workflow]
public sealed class VersionedChild
{
    [WorkflowRun]
    public async Task<string> RunAsync() => $"({await VersionedWorkflow.BuildAsync()})";
}

/// <summary>Says of which build its worker is.</summary>
public sealed class BuildActivity(string build)
{
    [Activity]
    public string Build() => build;
}
