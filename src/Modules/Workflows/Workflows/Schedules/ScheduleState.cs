using System.Text.Json.Serialization;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.Schedule.V1;

namespace Flagstone.Workflows.Schedules;

/// <summary>What is known of a schedule; stored whole with each step.</summary>
internal sealed class ScheduleState
{
    public required string Namespace { get; init; }

    public required string NamespaceName { get; init; }

    public required string Id { get; init; }

    /// <summary>Another one of the same id, made later, has another one: its runs are told apart.</summary>
    public required string Uid { get; init; }

    /// <summary>Of the request that made it.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>Who made or last changed what it does: its runs count as started by them. Empty where that was not kept.</summary>
    public string Author { get; set; } = "";

    /// <summary>The spec as <see cref="Specs.SpecReader"/> gives it.</summary>
    public required Schedule Schedule { get; set; }

    public Memo? Memo { get; set; }

    public SearchAttributes? SearchAttributes { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? UpdatedAt { get; set; }

    /// <summary>Counts what changes the schedule itself; clients compare it.</summary>
    public long Revision { get; set; } = 1;

    /// <summary>Of the latest updates and patches: the same request again changes nothing.</summary>
    public List<string> Requests { get; init; } = [];

    /// <summary>Nominal times up to this one, itself included, are dealt with.</summary>
    public required DateTimeOffset Processed { get; set; }

    /// <summary>Times that wait: for their jitter to be over, or for a run to end.</summary>
    public List<BufferedStart> Buffer { get; init; } = [];

    public List<Backfill> Backfills { get; init; } = [];

    /// <summary>Runs that are to be started, and that are not known to have ended.</summary>
    public List<ScheduledRun> Running { get; init; } = [];

    /// <summary>The latest ones that were started, the last one last.</summary>
    public List<ScheduleActionResult> Recent { get; init; } = [];

    /// <summary>Of the last run that had one.</summary>
    public Payloads? LastResult { get; set; }

    /// <summary>Why the last run failed; null if it did not.</summary>
    public Failure? LastFailure { get; set; }

    /// <summary>The number of the last start that was decided: what a run's id is made of.</summary>
    public long Starts { get; set; }

    public long Actions { get; set; }

    public long Missed { get; set; }

    public long Skipped { get; set; }

    public long Dropped { get; set; }

    [JsonIgnore]
    public bool IsPaused => Schedule.State.Paused;
}

/// <summary>A time that is to be acted.</summary>
/// <param name="Nominal">Names the workflow.</param>
/// <param name="At">When it was meant to be.</param>
/// <param name="Overlap">Unspecified for the schedule's own policy.</param>
/// <param name="IsManual">By a trigger or a backfill: a pause and the remaining actions do not count.</param>
internal sealed record BufferedStart(DateTimeOffset Nominal, DateTimeOffset At, ScheduleOverlapPolicy Overlap, bool IsManual);

/// <summary>Times that are over and are to be acted.</summary>
/// <param name="From">Those after this time.</param>
/// <param name="To">Itself included.</param>
internal sealed record Backfill(DateTimeOffset From, DateTimeOffset To, ScheduleOverlapPolicy Overlap);

/// <summary>A run of a schedule. Its ids are decided before it is started, so that it is started once.</summary>
internal sealed record ScheduledRun
{
    public required string WorkflowId { get; init; }

    /// <summary>The first of its chain.</summary>
    public required string RunId { get; init; }

    public required DateTimeOffset Nominal { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Handed to the run when it is started, and forgotten then: of the run that had ended before.</summary>
    public Payloads? LastResult { get; set; }

    public Failure? LastFailure { get; set; }

    public bool IsStarted { get; set; }

    /// <summary>Whether others are started beside it: it is in nobody's way.</summary>
    public bool IsOverlapping { get; init; }

    /// <summary>Whether it is to end for another one.</summary>
    public StopKind Stop { get; set; }

    public bool IsStopSent { get; set; }
}

internal enum StopKind
{
    None = 0,
    Cancel = 1,
    Terminate = 2,
}
