namespace Flagstone.Workflows.Deployments;

/// <summary>Where the tasks of a queue go. Pure.</summary>
/// <param name="Versions">The versions whose workers have polled the queue, as texts; none for a queue without versions.</param>
/// <param name="Current">Where tasks go that are pinned to nothing: a version's text; empty for workers without a version.</param>
/// <param name="CurrentAtMicros">When that was said; 0 when nobody has.</param>
/// <param name="Ramping">Where a part of them goes; null for no ramp.</param>
/// <param name="Percentage">How many of a hundred, 0 to 100.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-queue-routing")]
internal sealed record QueueRouting(
    [property: Id(0)] string[] Versions, [property: Id(1)] string Current, [property: Id(2)] long CurrentAtMicros, [property: Id(3)] string? Ramping,
    [property: Id(4)] float Percentage, [property: Id(5)] long RampingAtMicros)
{
    /// <summary>Of a queue that no version has polled.</summary>
    public static readonly QueueRouting None = new([], "", 0, null, 0, 0);

    public bool HasVersions => Versions.Length > 0;

    /// <summary>The routing of a queue, by what its deployments say: the last word about the current and about the ramping version counts.</summary>
    public static QueueRouting Of(IReadOnlyList<DeployedQueue> rows)
    {
        if (rows.Count == 0)
        {
            return None;
        }

        // A version that does without the queue says nothing about it.
        var versions = rows.Select(r => r.Version).Order(StringComparer.Ordinal).ToArray();
        var current = rows.Where(r => r.Current is not null && (r.Current.Length == 0 || versions.Contains(r.Current))).MaxBy(r => r.CurrentAt);
        var ramp = rows.Where(r => r.Ramping is not null && (r.Ramping.Length == 0 || versions.Contains(r.Ramping))).MaxBy(r => r.RampingAt);
        return new QueueRouting(versions, current?.Current ?? "", current?.CurrentAt ?? 0, ramp?.Ramping, ramp?.Percentage ?? 0, ramp?.RampingAt ?? 0);
    }

    public bool Equals(QueueRouting? other) =>
        other is not null && Versions.AsSpan().SequenceEqual(other.Versions)
        && (Current, CurrentAtMicros, Ramping, Percentage, RampingAtMicros)
            == (other.Current, other.CurrentAtMicros, other.Ramping, other.Percentage, other.RampingAtMicros);

    public override int GetHashCode() => HashCode.Combine(Versions.Length, Current, CurrentAtMicros, Ramping, RampingAtMicros);

    /// <summary>Where a task of a workflow goes that is pinned to nothing.</summary>
    public string TargetOf(string workflowId) =>
        Ramping is not null && WorkflowPlace.IsWithin(WorkflowPlace.Of(workflowId), Percentage) ? Ramping : Current;

    /// <summary>Where a task goes.</summary>
    /// <param name="directive">What the task says: the version that it is pinned to, or one of <see cref="Directives"/>.</param>
    /// <param name="isIndependent">Whether it is of a queue that a version does without: it goes where the queue's own tasks go.</param>
    public string LaneOf(string directive, string workflowId, bool isIndependent) => directive switch
    {
        _ when !HasVersions && (directive is Directives.Free or Directives.Ramping || isIndependent) => "",
        Directives.Ramping => Ramping ?? Current,
        Directives.Free => TargetOf(workflowId),
        _ => isIndependent ? TargetOf(workflowId) : directive,
    };

    /// <summary>The part of workflow places whose free tasks go to a lane: from, and up to without the end; an empty one for none.</summary>
    public (long From, long To) PlacesOf(string lane)
    {
        const long all = 1L << 32;
        var ramped = Ramping is null ? 0 : Math.Clamp((long)Math.Floor(Percentage / 100d * all) + 1, 0, all);
        ramped = Percentage <= 0 ? 0 : ramped;
        var (isCurrent, isRamping) = (lane == Current, Ramping is not null && lane == Ramping);
        return isCurrent && isRamping ? (0, all) : isCurrent ? (ramped, all) : isRamping ? (0, ramped) : (0, 0);
    }
}

/// <summary>A version whose workers have polled a queue, with what its deployment says.</summary>
/// <param name="Current">Null when nobody has set it; empty for workers without a version.</param>
/// <param name="Ramping">Null for none; empty for workers without a version.</param>
internal sealed record DeployedQueue(string Version, string? Current, long CurrentAt, string? Ramping, float Percentage, long RampingAt);

/// <summary>What a task says of the version that it goes to, where it is pinned to none.</summary>
internal static class Directives
{
    /// <summary>To the queue's current or ramping version.</summary>
    public const string Free = "";

    /// <summary>To the ramping version, if there is one.</summary>
    public const string Ramping = "*";
}
