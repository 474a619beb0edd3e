using Flagstone.Workflows.Commands;
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
        policy.InitialInterval = Durations.Of(policy.InitialInterval) > TimeSpan.Zero ? policy.InitialInterval : FirstInterval;
        policy.BackoffCoefficient = policy.BackoffCoefficient == 0 ? 2 : policy.BackoffCoefficient;
        policy.MaximumInterval = Durations.Of(policy.MaximumInterval) > TimeSpan.Zero ? policy.MaximumInterval
            : Duration.FromTimeSpan(Durations.Of(policy.InitialInterval) * LongestOverFirst);
        return policy;
    }

    /// <summary>What is wrong with a policy; null when nothing is.</summary>
    public static string? Refuse(RetryPolicy? policy) =>
        policy is null ? null
        : Durations.Of(policy.InitialInterval) < TimeSpan.Zero ? "InitialInterval cannot be negative on retry policy."
        : policy.BackoffCoefficient is not (0 or >= 1) ? "BackoffCoefficient cannot be less than 1 on retry policy."
        : Durations.Of(policy.MaximumInterval) < TimeSpan.Zero ? "MaximumInterval cannot be negative on retry policy."
        : Durations.Of(policy.MaximumInterval) > TimeSpan.Zero && Durations.Of(policy.MaximumInterval) < Durations.Of(policy.InitialInterval)
            ? "MaximumInterval cannot be less than InitialInterval on retry policy."
        : policy.MaximumAttempts < 0 ? "MaximumAttempts cannot be negative on retry policy."
        : null;

    /// <summary>When the next attempt of an activity may start, or why there is none.</summary>
    public static (RetryState State, DateTimeOffset At) Next(ActivityState activity, Failure failure, DateTimeOffset now) =>
        activity.CancelRequestedId > 0 ? (RetryState.CancelRequested, default)
        : Next(
            activity.Retry, activity.IsReset ? 0 : activity.Attempt, failure, now,
            activity.ScheduleToClose > TimeSpan.Zero ? activity.FirstScheduledAt + activity.ScheduleToClose : null,
            activity.IsReset ? TimeSpan.Zero : Delay(failure.ApplicationFailureInfo?.NextRetryDelay));

    /// <summary>How long the attempt after this one waits, by the policy alone.</summary>
    public static TimeSpan IntervalAfter(RetryPolicy policy, int attempt) => Interval(policy, attempt);

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

    private static TimeSpan? Delay(Duration? wanted) =>
        wanted is null ? null : Durations.Of(wanted) is var delay && delay > TimeSpan.Zero ? delay : TimeSpan.Zero;

    private static TimeSpan Interval(RetryPolicy policy, int attempt)
    {
        var seconds = Durations.Of(policy.InitialInterval).TotalSeconds * Math.Pow(policy.BackoffCoefficient, attempt - 1);
        return TimeSpan.FromSeconds(Math.Min(seconds, Math.Min(Durations.Of(policy.MaximumInterval).TotalSeconds, Longest.TotalSeconds)));
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
