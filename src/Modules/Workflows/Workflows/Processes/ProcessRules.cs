using System.Globalization;
using Flagstone.Workflows.Contracts.Processes;
using Temporalio.Common;
using Temporalio.Workflows;

namespace Flagstone.Workflows.Processes;

/// <summary>What a process says and how it acts. Pure.</summary>
internal static class ProcessRules
{
    /// <summary>As the ledger takes it.</summary>
    public const int MaxReason = 500;

    private const int MaxTitle = 200;
    private const int MaxDescription = 10_000;

    private static readonly TimeSpan Trying = TimeSpan.FromDays(30);

    /// <summary>When a step's wait ends; null for a step that does not wait, or not any more.</summary>
    public static DateTimeOffset? Until(ProcessStep step, DateTimeOffset now)
    {
        var until = step.Wait is { } wait ? now + wait : now;
        until = step.Until > until ? step.Until.Value : until;
        return until > now ? until : null;
    }

    /// <summary>What a step that waits waits for; null for one that does not, and for a process that has ended.</summary>
    public static string? Waiting(ProcessDetails process) => process is { Until: { } until, State.Phase: ProcessPhase.Running }
        ? string.Create(CultureInfo.InvariantCulture, $"It goes on at {until.UtcDateTime:yyyy-MM-dd HH:mm} UTC.") : null;

    /// <summary>Who asked, who approved, and why.</summary>
    public static string Reason(ProcessInput input, IEnumerable<ProcessDecision> approvals)
    {
        string[] parts = [$"{input.Plan.Title}: asked by {input.AskedBy} ({input.Reason})", .. approvals.Select(a => $"approved by {a.By} ({a.Reason})")];
        return Cut(string.Join(", ", parts), MaxReason);
    }

    /// <summary>Each call is short, and is made again until it is done or refused: less and less often, but twice a minute at least.</summary>
    public static ActivityOptions Acting(string title, CancellationToken recall) => new()
    {
        StartToCloseTimeout = TimeSpan.FromSeconds(30),
        RetryPolicy = new RetryPolicy { InitialInterval = TimeSpan.FromSeconds(1), BackoffCoefficient = 1.5f, MaximumInterval = TimeSpan.FromSeconds(30) },
        CancellationToken = recall, Summary = Cut(title, MaxTitle),
    };

    public static ProcessQuestion Trouble(ProcessInput input, string title, string why) => new(
        $"{input.Plan.Title}: try again?", $"{title}: {why}\n\nMend what is in the way and try again, or stop the process where it is.", ["role:administrator"],
        new Dictionary<string, string> { ["process"] = input.Process, ["subject"] = input.Plan.Subject }, Trying);

    /// <summary>A question in the words of the queue of people.</summary>
    /// <param name="decisions">Empty for approve and reject.</param>
    public static Dictionary<string, object> Request(ProcessInput input, ProcessQuestion question, IReadOnlyList<string> decisions, IEnumerable<string> barred)
    {
        var context = new Dictionary<string, string>(question.Context) { ["asked by"] = input.AskedBy, ["reason"] = input.Reason };
        var request = new Dictionary<string, object>
        {
            ["title"] = Cut(question.Title.ReplaceLineEndings(" "), MaxTitle),
            ["description"] = Cut(question.Description, MaxDescription),
            ["assignees"] = question.Assignees,
            ["context"] = context,
            // Whoever asked may say whether a step that failed is tried again; else they are barred twice, as another server does not know who started it.
            ["starterMayDecide"] = decisions.Count > 0,
            ["notBy"] = barred.Distinct().Select(b => $"user:{b}").ToArray(),
        };
        if (decisions.Count > 0)
        {
            request["decisions"] = decisions;
        }

        if (question.Deadline >= TimeSpan.FromHours(2))
        {
            request["remindAfter"] = string.Create(CultureInfo.InvariantCulture, $"{(long)(question.Deadline / 2).TotalHours}h");
        }

        return request;
    }

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";
}
