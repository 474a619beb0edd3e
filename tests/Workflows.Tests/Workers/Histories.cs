using Flagstone.Workflows.Processes;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Worker;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>What tests ask of a history.</summary>
internal static class Histories
{
    /// <summary>The types of its events, in order, as one text.</summary>
    public static string Types(this WorkflowHistory history) => string.Join(' ', history.Events.Select(e => e.EventType));

    /// <summary>Reads a history, whose ids must have no gap, and replays it with the SDK: it throws where the worker would decide otherwise.</summary>
    public static async Task<WorkflowHistory> ReplayedAsync(this WorkflowHandle handle)
    {
        var history = await handle.FetchHistoryAsync();
        Assert.Equal(Enumerable.Range(1, history.Events.Count).Select(i => (long)i), history.Events.Select(e => e.EventId));
        var options = new WorkflowReplayerOptions();
        foreach (var workflow in RunningWorker.Samples.Append(typeof(ProcessWorkflow)))
        {
            options.AddWorkflow(workflow);
        }

        await new WorkflowReplayer(options).ReplayWorkflowAsync(history);
        return history;
    }

    /// <summary>Reads the history until it has an event of the type.</summary>
    public static async Task<WorkflowHistory> UntilAsync(this WorkflowHandle handle, EventType type, CancellationToken ct)
    {
        await foreach (var seen in handle.FetchHistoryEventsAsync(new WorkflowHistoryEventFetchOptions { WaitNewEvent = true }).WithCancellation(ct))
        {
            if (seen.EventType == type)
            {
                return await handle.FetchHistoryAsync();
            }
        }

        throw new InvalidOperationException($"The workflow {handle.Id} ended without an event {type}: {(await handle.FetchHistoryAsync()).Types()}");
    }
}
