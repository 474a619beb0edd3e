using System.Globalization;
using Temporalio.Exceptions;
using Temporalio.Workflows;

namespace Flagstone.Samples.Adjudication;

/// <summary>Asks people, by activities on the platform's queue of people.</summary>
internal static class Approvals
{
    private const string Queue = "flagstone-people";

    /// <summary>What one of them decided, or null when nobody did in time.</summary>
    /// <param name="notBy">Who decided before, and must not decide this too; empty for nobody.</param>
    public static async Task<Decision?> AskAsync(
        string step, string title, Claim claim, int documents, IReadOnlyList<string> assignees, string notBy, TimeSpan deadline)
    {
        try
        {
            return await Workflow.ExecuteActivityAsync<Decision>(step, [Request(title, claim, documents, assignees, notBy, deadline)], new()
            {
                TaskQueue = Queue, ScheduleToCloseTimeout = deadline, Summary = title,
            });
        }
        catch (ActivityFailureException e) when (e.InnerException is TimeoutFailureException)
        {
            return null;
        }
    }

    private static Dictionary<string, object> Request(
        string title, Claim claim, int documents, IReadOnlyList<string> assignees, string notBy, TimeSpan deadline)
    {
        var request = new Dictionary<string, object>
        {
            ["title"] = title,
            ["assignees"] = assignees,
            ["context"] = new Dictionary<string, object>
            {
                ["claim"] = claim.Id, ["claimant"] = claim.Claimant, ["policy"] = claim.Policy, ["amount"] = claim.Amount, ["documents"] = documents,
            },
        };
        if (notBy.Length > 0)
        {
            request["notBy"] = new[] { $"user:{notBy}" };
        }

        // The platform counts in seconds.
        if (deadline / 2 >= TimeSpan.FromSeconds(1))
        {
            var half = deadline / 2;
            request["remindAfter"] = string.Create(CultureInfo.InvariantCulture, $"{(long)half.TotalHours}h{half.Minutes}m{half.Seconds}s");
        }

        return request;
    }
}
