using System.Text.Json;
using Temporalio.Exceptions;
using Temporalio.Workflows;

#pragma warning disable CA1001, CA1822 // The SDK makes a workflow, calls it on an instance and forgets it.

namespace Flagstone.Workflows.Tests.People.Outside;

/// <summary>
/// Asks people one thing after the other as at any Temporal server, waits for the cancellation of what it withdraws, and returns what they said.
/// </summary>
[Workflow]
public sealed class OutsideApprovalWorkflow
{
    private readonly CancellationTokenSource withdrawn = new();

    [WorkflowSignal]
    public Task WithdrawAsync()
    {
        withdrawn.Cancel();
        return Task.CompletedTask;
    }

    /// <param name="requests">Each as JSON.</param>
    /// <param name="heartbeat">In milliseconds; 0 for none.</param>
    /// <param name="attempt">How long an attempt may take, in milliseconds; 0 for no limit.</param>
    [WorkflowRun]
    public async Task<string> RunAsync(string[] requests, int heartbeat, int attempt)
    {
        var said = new List<string>();
        foreach (var request in requests)
        {
            try
            {
                var made = await Workflow.ExecuteActivityAsync<Decided>("approval", [JsonSerializer.Deserialize<JsonElement>(request)], new ActivityOptions
                {
                    TaskQueue = "flagstone-people", ScheduleToCloseTimeout = TimeSpan.FromMinutes(10), CancellationToken = withdrawn.Token,
                    HeartbeatTimeout = heartbeat > 0 ? TimeSpan.FromMilliseconds(heartbeat) : null,
                    StartToCloseTimeout = attempt > 0 ? TimeSpan.FromMilliseconds(attempt) : null,
                    CancellationType = ActivityCancellationType.WaitCancellationCompleted,
                });
                said.Add($"{made.Decision} by {made.By}{(made.DelegatedFrom is null ? "" : $" for {made.DelegatedFrom}")}: {made.Reason}");
            }
            catch (ActivityFailureException e)
            {
                said.Add(e.InnerException switch
                {
                    TimeoutFailureException late => $"timed out: {late.TimeoutType}",
                    ApplicationFailureException failed => $"failed: {failed.Message}",
                    _ => "withdrawn",
                });
            }
        }

        return string.Join("; ", said);
    }
}
