using System.Text.Json.Serialization;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Nexus;

/// <summary>A Nexus operation of a run that is not over. A zero timeout is none.</summary>
internal sealed record NexusOperationState
{
    public required long ScheduledId { get; init; }

    public required string Endpoint { get; init; }

    /// <summary>An endpoint that is made again under the same name is another one.</summary>
    public required string EndpointId { get; init; }

    public required string Service { get; init; }

    public required string Operation { get; init; }

    /// <summary>The same at each attempt: by it the handler knows that it has been asked before.</summary>
    public required string RequestId { get; init; }

    /// <summary>What a completion must show. No event has it, so that only who was given the callback can complete the operation.</summary>
    public required string Secret { get; init; }

    public required DateTimeOffset ScheduledAt { get; init; }

    public TimeSpan ScheduleToClose { get; init; }

    public TimeSpan ScheduleToStart { get; init; }

    public TimeSpan StartToClose { get; init; }

    /// <summary>The attempts to start it that are over.</summary>
    public NexusAttempts Attempts { get; init; } = new();

    /// <summary>When the handler had begun; null before, and its token is empty then.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>By which the handler knows the operation.</summary>
    public string Token { get; set; } = "";

    /// <summary>The workflow's request to cancel it; null for none.</summary>
    public NexusCancellationState? Cancellation { get; set; }

    [JsonIgnore]
    public bool IsStarted => StartedAt is not null;
}

/// <summary>A request to cancel an operation. It goes to the handler once that has begun.</summary>
internal sealed record NexusCancellationState
{
    /// <summary>The event by which the workflow asked.</summary>
    public required long RequestedId { get; init; }

    /// <summary>The event of the workflow task that commanded it.</summary>
    public required long CompletedId { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    public NexusAttempts Attempts { get; init; } = new();

    /// <summary>Whether the handler has answered.</summary>
    public bool IsOver { get; set; }

    /// <summary>Why the handler did not take it; null if it did, and while it has not answered.</summary>
    public Failure? Failure { get; set; }
}

/// <summary>How often something was asked of a handler without an answer that decides.</summary>
internal sealed record NexusAttempts
{
    public int Count { get; set; }

    /// <summary>When the last one ended; null before the first has.</summary>
    public DateTimeOffset? LastAt { get; set; }

    public Failure? LastFailure { get; set; }

    /// <summary>Not before this time; null for at once.</summary>
    public DateTimeOffset? NextAt { get; set; }
}

/// <summary>Who is told of the end of a run, or of the last one that follows it.</summary>
/// <param name="RequestId">Of the request that attached it.</param>
internal sealed record AttachedCallback(Callback Callback, string RequestId, DateTimeOffset At);
