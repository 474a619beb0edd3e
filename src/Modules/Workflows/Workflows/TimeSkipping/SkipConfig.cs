using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.TimeSkipping;

/// <summary>What is said of time skipping: by a client at the start and later, and by a run for those that follow it and for its children. Pure.</summary>
internal static class SkipConfig
{
    private const int MaxId = 1_000;

    /// <summary>What is wrong with a configuration; null when nothing is.</summary>
    public static string? Refuse(TimeSkippingConfig? config)
    {
        if (config is null)
        {
            return null;
        }

        if (config.MaxSessionSkipCount < 0)
        {
            return "time_skipping_config.max_session_skip_count cannot be negative.";
        }

        if (config.FastForwardConfig is not { } forward)
        {
            return null;
        }

        return !config.Enabled ? "time_skipping_config has a fast_forward_config and is not enabled. Set enabled, or leave the fast forward out."
            : forward.Id.Length is 0 or > MaxId ? $"time_skipping_config.fast_forward_config.id is not set, or longer than {MaxId} characters."
            : Durations.Of(forward.Duration) <= TimeSpan.Zero ? "time_skipping_config.fast_forward_config.duration is not set, or not above zero."
            : null;
    }

    /// <summary>What a run begins with; null for a run whose clock is the wall clock, as of most.</summary>
    /// <param name="wall">The time by the wall clock.</param>
    public static TimeSkippingState? Begin(StartWorkflowExecutionRequest request, Origin? origin, DateTimeOffset wall)
    {
        if (origin?.Before is { } before)
        {
            return before.TimeSkipping is { } goesOn ? goesOn with { Initial = goesOn.Skipped } : null;
        }

        var ahead = origin?.Skipped ?? TimeSpan.Zero;
        return request.TimeSkippingConfig is { Enabled: true } config ? Of(config, new TimeSkippingState { Skipped = ahead, Initial = ahead }, wall + ahead)
            : ahead > TimeSpan.Zero ? new TimeSkippingState { Skipped = ahead, Initial = ahead }
            : null;
    }

    /// <summary>Records in the first event what the run begins with.</summary>
    public static void Record(WorkflowExecutionStartedEventAttributes started, RunState run, bool isContinued)
    {
        started.TimeSkippingConfig = run.TimeSkipping?.Config?.Clone() ?? (isContinued ? null : started.TimeSkippingConfig);
        started.TimeSkippingStatePropagation = run.TimeSkipping is not { } state || (!isContinued && state.Initial == TimeSpan.Zero) ? null
            : !isContinued ? Skipped(state.Initial)
            : new TimeSkippingStatePropagation
            {
                InitialSkippedDuration = Duration.FromTimeSpan(state.Initial),
                InitialSkipCount = state.Skips,
                FastForwardTargetTime = state.FastForward is { HasCompleted: false } forward ? Timestamp.FromDateTimeOffset(forward.Target) : null,
            };
    }

    /// <summary>Says what a child gets: the clock always, skipping only where the run skips and hands it on; its fast-forward is the run's own.</summary>
    public static void Propagate(RunState run, StartChildWorkflowExecutionInitiatedEventAttributes child)
    {
        if (run.TimeSkipping is not { } state)
        {
            return;
        }

        child.TimeSkippingConfig = state is { IsActive: true, Config: { DisablePropagation: false } config }
            ? new TimeSkippingConfig { Enabled = true, MaxSessionSkipCount = config.MaxSessionSkipCount } : null;
        child.TimeSkippingStatePropagation = state.Skipped > TimeSpan.Zero ? Skipped(state.Skipped) : null;
    }

    /// <summary>Takes over what a client says of a run that is open: a new session begins, also where it says the same again.</summary>
    /// <param name="config">Null takes it away: nothing is skipped any more, and the clock stays ahead.</param>
    public static void Update(RunChange change, TimeSkippingConfig? config, string identity)
    {
        var run = change.Run;
        change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionOptionsUpdated,
            // The workflow's code does not see it.
            WorkerMayIgnore = true,
            WorkflowExecutionOptionsUpdatedEventAttributes = new WorkflowExecutionOptionsUpdatedEventAttributes
            {
                TimeSkippingConfig = config, TimeSkippingConfigUpdated = true, Identity = identity,
            },
        });
        if (run.TimeSkipping is not null || config is { Enabled: true })
        {
            run.TimeSkipping = Of(config ?? new TimeSkippingConfig(), run.TimeSkipping ?? new TimeSkippingState(), change.Now);
        }
    }

    private static TimeSkippingState Of(TimeSkippingConfig config, TimeSkippingState before, DateTimeOffset now) => before with
    {
        Config = config.Clone(),
        Skips = 0,
        FastForward = config.FastForwardConfig is { } forward
            ? new FastForwardState(forward.Id, Durations.Of(forward.Duration), now + Durations.Of(forward.Duration), HasCompleted: false) : null,
    };

    private static TimeSkippingStatePropagation Skipped(TimeSpan time) => new() { InitialSkippedDuration = Duration.FromTimeSpan(time) };
}
