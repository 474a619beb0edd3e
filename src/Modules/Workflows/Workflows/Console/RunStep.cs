using Flagstone.Ui.Components;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A line of the compact timeline: one thing that the run did, or that happened to it, in one or several events.</summary>
/// <param name="EventId">Of its first event that is known.</param>
/// <param name="Kind">What it is, as <c>Activity</c> or <c>Timer</c>.</param>
/// <param name="Name">Which one; empty where the kind says all.</param>
public sealed record RunStep(long EventId, string Kind, string Name, Status Status, DateTimeOffset At)
{
    /// <summary>When it was over; null while it is not, and for what takes no time.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Whether it takes time at all.</summary>
    public bool IsSpan { get; init; }

    /// <summary>A sentence more, or empty.</summary>
    public string Note { get; init; } = "";

    public Failure? Failure { get; init; }

    public Payloads? Given { get; init; }

    public Payloads? Result { get; init; }

    /// <summary>The run that it is about; null for none.</summary>
    public WorkflowExecution? Run { get; init; }

    /// <summary>How long it took; null while it is not over, and for what takes no time.</summary>
    public TimeSpan? Took => IsSpan && Ended is { } end && end >= At ? end - At : null;
}
