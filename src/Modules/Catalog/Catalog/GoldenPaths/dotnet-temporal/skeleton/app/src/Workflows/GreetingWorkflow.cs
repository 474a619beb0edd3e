using Temporalio.Workflows;

namespace Service.Workflows;

/// <summary>
/// Workflow code is replayed from its history, so it must come to the same decisions each time: no clock, no chance and no I/O of its own.
/// <see cref="Workflow"/> has the clock, the chance and the waiting that can be replayed.
/// </summary>
[Workflow("greeting")]
public sealed class GreetingWorkflow
{
    private static readonly ActivityOptions Options = new()
    {
        StartToCloseTimeout = TimeSpan.FromSeconds(10),
        RetryPolicy = new()
        {
            InitialInterval = TimeSpan.FromMilliseconds(200), BackoffCoefficient = 2, MaximumInterval = TimeSpan.FromSeconds(10), MaximumAttempts = 10,
        },
    };

    [WorkflowRun]
    public Task<string> RunAsync(string name) => Workflow.ExecuteActivityAsync(() => Activities.ComposeGreeting(name), Options);
}
