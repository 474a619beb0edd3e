using Flagstone.Ui.Components;
using Flagstone.Workflows.Contracts.Processes;
using Flagstone.Workflows.Processes;

namespace Flagstone.Workflows.Console.Processes;

/// <summary>How pages say where a process is. Pure.</summary>
internal static class ProcessWords
{
    public static Status StatusOf(ProcessPhase phase) => phase switch
    {
        ProcessPhase.Running => new("Running", Tone.Busy),
        ProcessPhase.Completed => new("Completed", Tone.Good),
        ProcessPhase.Refused => new("Refused", Tone.Bad),
        ProcessPhase.Cancelled => new("Taken back", Tone.Neutral),
        _ => new("Failed", Tone.Bad),
    };

    /// <summary>The plan's steps with what has become of each: one that it is at, those before, and those to come.</summary>
    public static IReadOnlyList<TimelineStep> Steps(ProcessDetails process)
    {
        var steps = process.Plan?.Steps ?? [];
        // It may have been asked for a moment ago.
        var at = process.At ?? -1;
        return [.. steps.Select((step, number) => new TimelineStep(
            $"step-{number}", step.Title, StatusOf(process.State.Phase, number, at), null, null, number == at ? Trouble(process) ?? ProcessRules.Waiting(process) ?? "" : ""))];
    }

    private static string? Trouble(ProcessDetails process) =>
        process.Attempts > 1 ? $"{process.Trouble} Looked {process.Attempts} times." : process.Trouble.Length > 0 ? process.Trouble : null;

    private static Status StatusOf(ProcessPhase phase, int number, int at) =>
        phase == ProcessPhase.Completed || number < at ? new("Done", Tone.Good)
        : number > at ? new(phase == ProcessPhase.Running ? "To come" : "Not done", Tone.Neutral)
        : phase switch
        {
            ProcessPhase.Running => new("Under way", Tone.Busy),
            ProcessPhase.Refused => new("Refused", Tone.Bad),
            ProcessPhase.Cancelled => new("Taken back", Tone.Neutral),
            _ => new("Failed", Tone.Bad),
        };
}
