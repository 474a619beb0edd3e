using System.Text.Json.Serialization;
using Temporalio.Api.Common.V1;

namespace Flagstone.Workflows.TimeSkipping;

/// <summary>How far a run's clock is ahead, and whether it may jump again; part of a run's stored state.</summary>
internal sealed record TimeSkippingState
{
    /// <summary>Skips of a session that names no number. A workflow that comes again for ever would else never rest.</summary>
    public const int UsualSkips = 100;

    /// <summary>How far the run's clock is ahead of the wall clock.</summary>
    public TimeSpan Skipped { get; init; }

    /// <summary>How far it was ahead when the run began: skipped by its parent, or by the runs before it.</summary>
    public TimeSpan Initial { get; init; }

    /// <summary>As it was said last, but not enabled any more once its fast-forward is over; null for a run for which it was never said.</summary>
    public TimeSkippingConfig? Config { get; init; }

    /// <summary>Skips since the configuration was said.</summary>
    public int Skips { get; init; }

    /// <summary>Null where none was asked for with the configuration.</summary>
    public FastForwardState? FastForward { get; init; }

    [JsonIgnore]
    public int MaxSkips => Config is { MaxSessionSkipCount: > 0 and var most } ? most : UsualSkips;

    /// <summary>Whether the clock may jump.</summary>
    [JsonIgnore]
    public bool IsActive => Config is { Enabled: true } && Skips < MaxSkips;
}

/// <summary>A time of the run's clock at which skipping ends.</summary>
/// <param name="Id">The client's, by which it is waited for.</param>
/// <param name="Duration">From when it was asked for.</param>
/// <param name="Target">By the run's clock.</param>
internal sealed record FastForwardState(string Id, TimeSpan Duration, DateTimeOffset Target, bool HasCompleted);
