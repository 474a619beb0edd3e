using System.Text.Json.Serialization;
using Flagstone.Workflows.Executions;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Nexus.Standalone;

/// <summary>An operation that a client started itself. It is stored whole with each step.</summary>
internal sealed class StandaloneState
{
    public required string Namespace { get; init; }

    /// <summary>The namespace's name, as links show it.</summary>
    public required string NamespaceName { get; init; }

    public required string Id { get; init; }

    /// <summary>Tells operations of one id apart.</summary>
    public required string RunId { get; init; }

    /// <summary>What started it, with its input.</summary>
    public required StartNexusOperationExecutionRequest Request { get; init; }

    public required NexusOperationState Operation { get; init; }

    public NexusOperationExecutionStatus Status { get; set; } = NexusOperationExecutionStatus.Running;

    public DateTimeOffset? ClosedAt { get; set; }

    public Payload? Result { get; set; }

    /// <summary>Why it ended without success; null while it is open, and if it succeeded.</summary>
    public Failure? Failure { get; set; }

    public string CancelReason { get; set; } = "";

    /// <summary>Of the request to cancel it; empty for none.</summary>
    public string CancelRequestId { get; set; } = "";

    /// <summary>Of the request that terminated it; empty for none.</summary>
    public string TerminateRequestId { get; set; } = "";

    /// <summary>How often it has changed.</summary>
    public long Transitions { get; set; } = 1;

    [JsonIgnore]
    public bool IsOpen => Status == NexusOperationExecutionStatus.Running;
}

/// <summary>An operation id in a namespace: what a grain and its due entry are named by.</summary>
/// <param name="Namespace">The namespace's uid.</param>
internal readonly record struct StandaloneKey(string Namespace, string OperationId)
{
    private const string ListSuffix = "/nexus-operations";

    /// <summary>Under which the operations of a namespace are listed; no namespace has such a name.</summary>
    public static string ListOf(string ns) => ns + ListSuffix;

    /// <summary>The namespace whose operations are listed under a name; null for another one.</summary>
    public static string? NamespaceOf(string list) => list.EndsWith(ListSuffix, StringComparison.Ordinal) ? list[..^ListSuffix.Length] : null;

    public static StandaloneKey Parse(string text) => ExecutionKey.Parse(text) is var key ? new StandaloneKey(key.Namespace, key.WorkflowId) : default;

    public override string ToString() => $"{Namespace}/{OperationId}";
}
