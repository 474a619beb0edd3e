namespace Flagstone.Workflows.Nexus;

/// <summary>Keeps a namespace from asking an endpoint that does not answer, again and again.</summary>
[GrainInterfaceType("flagstone.workflow-nexus-breaker")]
internal interface INexusBreakerGrain : IGrainWithStringKey
{
    /// <summary>Whether a request may be made: zero for yes; else how long to wait.</summary>
    [Alias("Enter")]
    Task<TimeSpan> EnterAsync();

    /// <summary>What came of a request.</summary>
    /// <param name="isAnswered">False when the handler was not reached, or was not well.</param>
    [Alias("Leave")]
    Task LeaveAsync(bool isAnswered);

    /// <summary>Whether requests wait.</summary>
    [Alias("IsOpen")]
    Task<bool> IsOpenAsync();
}

/// <summary>
/// A circuit breaker, in memory alone: it opens after failures in a row, and lets one request through from time to time. (Temporal's server:
/// service/history/circuitbreakerpool.)
/// </summary>
[GrainType("flagstone.workflow-nexus-breaker")]
internal sealed class NexusBreakerGrain(TimeProvider clock) : Grain, INexusBreakerGrain
{
    public const string OpenReason = "The circuit breaker is open.";

    /// <summary>As with Temporal's server.</summary>
    private const int MaxFailures = 5;

    private static readonly TimeSpan OpenFor = TimeSpan.FromSeconds(60);

    private int failures;
    private DateTimeOffset opensAt;

    public static string KeyOf(string ns, string endpointId) => $"{ns}/{endpointId}";

    public Task<TimeSpan> EnterAsync()
    {
        if (failures < MaxFailures)
        {
            return Task.FromResult(TimeSpan.Zero);
        }

        var now = clock.GetUtcNow();
        if (now < opensAt)
        {
            return Task.FromResult(opensAt - now);
        }

        // This one tries it for all; if its end is never told, the next one does.
        opensAt = now + OpenFor;
        return Task.FromResult(TimeSpan.Zero);
    }

    public Task LeaveAsync(bool isAnswered)
    {
        failures = isAnswered ? 0 : failures + 1;
        if (failures >= MaxFailures)
        {
            opensAt = clock.GetUtcNow() + OpenFor;
        }

        return Task.CompletedTask;
    }

    public Task<bool> IsOpenAsync() => Task.FromResult(failures >= MaxFailures);
}
