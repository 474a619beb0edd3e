using System.Text.Json;
using System.Text.Json.Serialization;
using Temporalio.Exceptions;
using Temporalio.Workflows;

#pragma warning disable CA1001, CA1822 // The SDK makes a workflow, calls it on an instance and forgets it.

namespace Flagstone.Workflows.Tests.People;

/// <summary>Asks people one thing after the other, and returns what they said.</summary>
[Workflow]
public sealed class ApprovalWorkflow
{
    private readonly CancellationTokenSource withdrawn = new();

    [WorkflowSignal]
    public Task WithdrawAsync()
    {
        withdrawn.Cancel();
        return Task.CompletedTask;
    }

    /// <summary>A signal makes a workflow task.</summary>
    [WorkflowSignal]
    public Task TouchAsync() => Task.CompletedTask;

    /// <param name="requests">Each as JSON.</param>
    /// <param name="milliseconds">For each one.</param>
    [WorkflowRun]
    public async Task<string> RunAsync(string[] requests, int milliseconds)
    {
        var said = new List<string>();
        foreach (var request in requests)
        {
            try
            {
                var made = await Workflow.ExecuteActivityAsync<Decided>("approval", [JsonSerializer.Deserialize<JsonElement>(request)], new ActivityOptions
                {
                    TaskQueue = "flagstone-people", ScheduleToCloseTimeout = TimeSpan.FromMilliseconds(milliseconds), CancellationToken = withdrawn.Token,
                });
                said.Add($"{made.Decision} by {made.By}{(made.DelegatedFrom is null ? "" : $" for {made.DelegatedFrom}")}: {made.Reason}");
            }
            catch (ActivityFailureException e)
            {
                said.Add(e.InnerException is TimeoutFailureException late ? $"timed out: {late.TimeoutType}" : "withdrawn");
            }
        }

        return string.Join("; ", said);
    }
}

/// <summary>Starts an approval as its child.</summary>
[Workflow]
public sealed class ApprovalParentWorkflow
{
    [WorkflowRun]
    public Task<string> RunAsync(string request) => Workflow.ExecuteChildWorkflowAsync(
        (ApprovalWorkflow w) => w.RunAsync(new[] { request }, 600_000), new ChildWorkflowOptions { Id = $"{Workflow.Info.WorkflowId}-child" });
}

/// <summary>What a workflow reads of a decision.</summary>
public sealed record Decided(
    [property: JsonPropertyName("decision")] string Decision, [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("by")] string By,
    [property: JsonPropertyName("at")] DateTimeOffset At, [property: JsonPropertyName("delegatedFrom")] string? DelegatedFrom = null);
