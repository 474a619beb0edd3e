using System.Text.Json.Serialization;
using Flagstone.Workflows.Executions;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Activities.Standalone;

/// <summary>An activity that a client started itself. It is stored whole with each step; what started it, with its input, lies beside it.</summary>
internal sealed class StandaloneActivity
{
    /// <summary>The namespace's uid.</summary>
    public required string Namespace { get; init; }

    /// <summary>The namespace's name, as its worker sees it.</summary>
    public required string NamespaceName { get; init; }

    public required string Id { get; init; }

    /// <summary>Tells activities of one id apart.</summary>
    public required string RunId { get; init; }

    /// <summary>Of the request that started it: the same request again gets the same answer.</summary>
    public required string RequestId { get; init; }

    /// <summary>When it was started; its first attempt may wait for a delay after that.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    public required ActivityState Activity { get; init; }

    public ActivityExecutionStatus Status { get; set; } = ActivityExecutionStatus.Running;

    public DateTimeOffset? ClosedAt { get; set; }

    public Payloads? Result { get; set; }

    /// <summary>Why it ended without success; null while it is open, and if it succeeded.</summary>
    public Failure? Failure { get; set; }

    /// <summary>Why it was not tried again.</summary>
    public RetryState RetryState { get; set; }

    public string CancelReason { get; set; } = "";

    /// <summary>Of the request to cancel it; null for none.</summary>
    public string? CancelRequestId { get; set; }

    /// <summary>Of the request that terminated it; null for none.</summary>
    public string? TerminateRequestId { get; set; }

    /// <summary>How often a worker has said that it is at work.</summary>
    public long Heartbeats { get; set; }

    /// <summary>How often it has changed.</summary>
    public long Transitions { get; set; } = 1;

    [JsonIgnore]
    public bool IsOpen => Status == ActivityExecutionStatus.Running;

    [JsonIgnore]
    public bool IsCancelRequested => CancelRequestId is not null;
}

/// <summary>An activity id in a namespace: what a grain and its due entry are named by.</summary>
/// <param name="Namespace">The namespace's uid.</param>
internal readonly record struct ActivityKey(string Namespace, string ActivityId)
{
    private const string ListSuffix = "/activities";

    /// <summary>Under which the activities of a namespace are listed; no namespace has such a name.</summary>
    public static string ListOf(string ns) => ns + ListSuffix;

    /// <summary>The namespace whose activities are listed under a name; null for another one.</summary>
    public static string? NamespaceOf(string list) => list.EndsWith(ListSuffix, StringComparison.Ordinal) ? list[..^ListSuffix.Length] : null;

    public static ActivityKey Parse(string text) => ExecutionKey.Parse(text) is var key ? new ActivityKey(key.Namespace, key.WorkflowId) : default;

    public override string ToString() => $"{Namespace}/{ActivityId}";
}
