namespace Flagstone.Provisioning.Managed.Health;

internal enum HealthState
{
    /// <summary>It answers; also while nobody asked it lately.</summary>
    Healthy,

    /// <summary>It answers late, or some of it fails.</summary>
    Degraded,

    /// <summary>Nothing came back lately but failures, or nothing at all.</summary>
    Down,
}

/// <summary>What a judgement is made of: of the recent window, but for the row of failures.</summary>
/// <param name="InRow">Failures and unknown outcomes since the last answer.</param>
/// <param name="OldestCall">For how long the oldest call under way has been so; zero for none.</param>
/// <param name="Hanging">Calls under way for longer than <see cref="ProviderHealthRules.Slow"/>.</param>
/// <param name="LastProblem">That of the latest failure; empty when there was none.</param>
internal sealed record ProviderFigures(
    int Calls, int Failures, int Unknown, int PutOff, int InRow, TimeSpan Percentile95, TimeSpan OldestCall, int Hanging, int Places, string LastProblem)
{
    public int NotDone => Failures + Unknown;
}

/// <summary>From the figures to a word and its reason. The reason names no counts, so that it stands still while the cause does.</summary>
internal static class ProviderHealthRules
{
    /// <summary>Fewer may be one resource's own fault.</summary>
    public const int RowOfFailures = 5;

    /// <summary>So many of the window's calls, as a share, may fail before it is worth a word.</summary>
    public const double BearableShare = 0.1;

    /// <summary>Longer than a healthy provider's call takes.</summary>
    public static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);

    public static (HealthState State, string Reason) Judge(ProviderFigures figures)
    {
        if (figures.Hanging >= figures.Places)
        {
            return (HealthState.Down, "All its places are held by calls that it does not answer");
        }

        if (figures.InRow >= RowOfFailures)
        {
            return (HealthState.Down, $"Nothing succeeds any more: {figures.LastProblem}");
        }

        if (figures.Hanging > 0)
        {
            return (HealthState.Degraded, "Calls are under way that it does not answer");
        }

        if (figures.NotDone >= RowOfFailures && figures.NotDone > figures.Calls * BearableShare)
        {
            return (HealthState.Degraded, $"Some calls fail: {figures.LastProblem}");
        }

        if (figures.Percentile95 >= Slow)
        {
            return (HealthState.Degraded, "It answers slowly");
        }

        return figures.PutOff > 0 && figures.PutOff >= figures.Calls
            ? (HealthState.Degraded, "More is asked of it than its bulkhead lets through")
            : (HealthState.Healthy, "");
    }
}
