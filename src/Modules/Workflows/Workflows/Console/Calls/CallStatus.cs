using System.Globalization;
using Flagstone.Ui.Components;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Console.Calls;

/// <summary>How far many calls are, in one status and a few words. Pure.</summary>
internal static class CallStatus
{
    private static readonly Tone[] WorstFirst = [Tone.Bad, Tone.Warning, Tone.Busy, Tone.Simulated, Tone.Neutral, Tone.Good];

    public static Status Of(PendingActivityInfo activity) => activity switch
    {
        { State: PendingActivityState.CancelRequested } => new("Cancel requested", Tone.Warning),
        { State: PendingActivityState.Paused or PendingActivityState.PauseRequested } => new("Paused", Tone.Warning),
        { Attempt: > 1, LastFailure: not null } => new("Retrying", Tone.Bad),
        { State: PendingActivityState.Started } => new("Running", Tone.Busy),
        _ => new("Scheduled", Tone.Busy),
    };

    /// <summary>How many have each status, the worst first.</summary>
    public static IReadOnlyList<(Status Status, int Count)> Count(IEnumerable<Status> all) =>
        [.. all.GroupBy(s => s.Word).Select(g => (Status: g.First(), Count: g.Count())).OrderBy(g => Array.IndexOf(WorstFirst, g.Status.Tone))];

    /// <summary>As <c>2 failed, 7 completed</c>.</summary>
    public static string Text(IEnumerable<(Status Status, int Count)> counts) =>
        string.Join(", ", counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Count:N0} {c.Status.Word.ToLowerInvariant()}")));
}
