using Service.Workflows;
using Temporalio.Common;
using Temporalio.Worker;
using Temporalio.Workflows;

namespace Service.Tests;

public sealed class WorkflowsTests
{
    [Fact]
    public void The_workflow_has_the_name_by_which_it_was_started_before() => Assert.Equal("greeting", WorkflowDefinition.Create<GreetingWorkflow>().Name);

    // Add the history of a run of yours: one that is under way when you deploy must come to the same decisions with the new code.
    [Fact]
    public async Task A_history_of_the_code_before_can_be_replayed()
    {
        var ct = TestContext.Current.CancellationToken;
        var history = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "greeting.history.json"), ct);
        var replayer = new WorkflowReplayer(new WorkflowReplayerOptions().AddWorkflow<GreetingWorkflow>());
        await replayer.ReplayWorkflowAsync(WorkflowHistory.FromJson("greeting-1", history), cancellationToken: ct);
    }
}
