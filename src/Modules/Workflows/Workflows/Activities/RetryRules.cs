using Flagstone.Workflows.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Activities;

/// <summary>Whether what failed - an activity, or a run - is tried again, and when. Pure. (Temporal's server: service/history/workflow/retry.go.)</summary>
internal static class RetryRules
{
    private const string TimeoutPrefix = "TemporalTimeout:";

    private static readonly Duration FirstInterval = Duration.FromTimeSpan(TimeSpan.FromSeconds(1));

    /// <summary>The longest interval, as so many first ones, where the policy does not say.</summary>
    private const int LongestOverFirst = 100;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>A policy with the server's defaults for what it does not say.</summary>
    public static RetryPolicy Complete(RetryPolicy? given)
    {
        var policy = given?.Clone() ?? new RetryPolicy();
        policy.InitialInterval = policy.InitialInterval is { } first && first.ToTimeSpan() > TimeSpan.Zero ? first : FirstInterval;
        policy.BackoffCoefficient = policy.BackoffCoefficient == 0 ? 2 : policy.BackoffCoefficient;
        policy.MaximumInterval = policy.MaximumInterval is { } most && most.ToTimeSpan() > TimeSpan.Zero ? most
            : Duration.FromTimeSpan(policy.InitialInterval.ToTimeSpan() * LongestOverFirst);
        return policy;
    }

    /// <summary>What is wrong with a policy; null when nothing is.</summary>
    public static string? Refuse(RetryPolicy? policy) =>
        policy is null ? null
        : policy.InitialInterval is { } first && first.ToTimeSpan() < TimeSpan.Zero ? "InitialInterval cannot be negative on retry policy."
        : policy.BackoffCoefficient is not 0 and < 1 ? "BackoffCoefficient cannot be less than 1 on retry policy."
        : policy.MaximumInterval is { } most && most.ToTimeSpan() < TimeSpan.Zero ? "MaximumInterval cannot be negative on retry policy."
        : policy.MaximumInterval is { } max && policy.InitialInterval is { } initial && max.ToTimeSpan() > TimeSpan.Zero && max.ToTimeSpan() < initial.ToTimeSpan()
            ? "MaximumInterval cannot be less than InitialInterval on retry policy."
        : policy.MaximumAttempts < 0 ? "MaximumAttempts cannot be negative on retry policy."
        : null;

    /// <summary>When the next attempt of an activity may start, or why there is none.</summary>
    public static (RetryState State, DateTimeOffset At) Next(ActivityState activity, Failure failure, DateTimeOffset now) =>
        activity.CancelRequestedId > 0 ? (RetryState.CancelRequested, default)
        : Next(
            activity.Retry, activity.Attempt, failure, now, activity.ScheduleToClose > TimeSpan.Zero ? activity.FirstScheduledAt + activity.ScheduleToClose : null,
            failure.ApplicationFailureInfo?.NextRetryDelay?.ToTimeSpan());

    /// <summary>When the next attempt may start, or why there is none.</summary>
    /// <param name="expires">No attempt starts after this time; null for no such time.</param>
    /// <param name="wanted">How long to wait, whatever the policy says; null for as it says.</param>
    public static (RetryState State, DateTimeOffset At) Next(
        RetryPolicy policy, int attempt, Failure failure, DateTimeOffset now, DateTimeOffset? expires, TimeSpan? wanted = null)
    {
        if (!IsRetryable(failure, policy))
        {
            return (RetryState.NonRetryableFailure, default);
        }

        if (policy.MaximumAttempts > 0 && attempt >= policy.MaximumAttempts)
        {
            return (RetryState.MaximumAttemptsReached, default);
        }

        var at = now + (wanted ?? Interval(policy, attempt));
        return at > expires ? (RetryState.Timeout, default) : (RetryState.InProgress, at);
    }

    private static TimeSpan Interval(RetryPolicy policy, int attempt)
    {
        var seconds = policy.InitialInterval.ToTimeSpan().TotalSeconds * Math.Pow(policy.BackoffCoefficient, attempt - 1);
        return TimeSpan.FromSeconds(Math.Min(seconds, Math.Min(policy.MaximumInterval.ToTimeSpan().TotalSeconds, Longest.TotalSeconds)));
    }

    private static bool IsRetryable(Failure failure, RetryPolicy policy) => failure.FailureInfoCase switch
    {
        Failure.FailureInfoOneofCase.TerminatedFailureInfo or Failure.FailureInfoOneofCase.CanceledFailureInfo => false,
        Failure.FailureInfoOneofCase.TimeoutFailureInfo => failure.TimeoutFailureInfo.TimeoutType is TimeoutType.StartToClose or TimeoutType.Heartbeat
            && !policy.NonRetryableErrorTypes.Contains(TimeoutPrefix + failure.TimeoutFailureInfo.TimeoutType),
        Failure.FailureInfoOneofCase.ServerFailureInfo => !failure.ServerFailureInfo.NonRetryable,
        Failure.FailureInfoOneofCase.ApplicationFailureInfo =>
            !failure.ApplicationFailureInfo.NonRetryable && !policy.NonRetryableErrorTypes.Contains(failure.ApplicationFailureInfo.Type),
        _ => true,
    };
}
