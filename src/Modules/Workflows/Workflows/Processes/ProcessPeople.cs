using Flagstone.Workflows.Contracts.Processes;
using Flagstone.Workflows.People;
using Temporalio.Exceptions;
using Temporalio.Workflows;

namespace Flagstone.Workflows.Processes;

/// <summary>Asks people as any workflow does: by an activity on their queue.</summary>
internal static class ProcessPeople
{
    public const string Approve = "approve";

    public const string Retry = "retry";

    public const string Stop = "stop";

    private static readonly TimeSpan Heartbeat = TimeSpan.FromMinutes(5);

    /// <summary>What one of them decided; null when nobody did in time.</summary>
    /// <param name="decisions">Empty for approve and reject.</param>
    /// <param name="barred">Names of those who may not decide.</param>
    public static async Task<ProcessDecision?> AskAsync(
        ProcessInput input, string activity, ProcessQuestion question, IReadOnlyList<string> decisions, IEnumerable<string> barred, CancellationToken recall)
    {
        try
        {
            return await Workflow.ExecuteActivityAsync<ProcessDecision>(activity, [ProcessRules.Request(input, question, decisions, barred)], new()
            {
                // At a server elsewhere it is asked again soon where the process died that was given it.
                TaskQueue = PeopleQueue.Name, ScheduleToCloseTimeout = question.Deadline, HeartbeatTimeout = Heartbeat,
                Summary = question.Title, CancellationToken = recall,
            });
        }
        catch (ActivityFailureException e) when (e.InnerException is TimeoutFailureException)
        {
            return null;
        }
    }
}
