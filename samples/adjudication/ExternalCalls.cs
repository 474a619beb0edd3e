using Temporalio.Workflows;

namespace Flagstone.Samples.Adjudication;

/// <summary>How the workflow calls others: a call that fails or times out is made again, later each time.</summary>
internal static class ExternalCalls
{
    /// <summary>For calls of which the claim depends: they fail for good when the limit has passed, or when the other side rejects them.</summary>
    public static ActivityOptions Limited(Terms terms) => new()
    {
        StartToCloseTimeout = terms.CallTimeout,
        ScheduleToCloseTimeout = terms.CallLimit,
        RetryPolicy = new() { InitialInterval = TimeSpan.FromSeconds(1), BackoffCoefficient = 2, MaximumInterval = TimeSpan.FromMinutes(5) },
    };

    /// <summary>For calls that must be made, however long it takes: what undoes, and what people are told. They are made for a cancelled claim too.</summary>
    public static ActivityOptions Certain(Terms terms) => new()
    {
        StartToCloseTimeout = terms.CallTimeout,
        RetryPolicy = new() { InitialInterval = TimeSpan.FromSeconds(1), BackoffCoefficient = 2, MaximumInterval = TimeSpan.FromHours(1) },
        CancellationToken = CancellationToken.None,
    };
}
