using System.Text.Json.Serialization;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Children;

/// <summary>A child whose end the run has not been told of.</summary>
internal sealed record ChildState
{
    public required long InitiatedId { get; init; }

    public required string WorkflowId { get; init; }

    /// <summary>The first run of its chain, named before it starts.</summary>
    public required string RunId { get; init; }

    public required string Type { get; init; }

    public required ParentClosePolicy ParentClosePolicy { get; init; }

    /// <summary>The run that the child knows as its parent: after a reset, the one that started it. Empty for the run itself.</summary>
    public string ParentRunId { get; init; } = "";

    /// <summary>The event of the workflow task that commanded it.</summary>
    public long CompletedId { get; init; }

    /// <summary>The version that it has from the run and is pinned to; null for none.</summary>
    public string? InheritedVersion { get; init; }

    /// <summary>What a caller said of the run's version, which it has too; null for nothing.</summary>
    public VersioningOverride? InheritedOverride { get; init; }

    /// <summary>Whether the start is recorded; its event may wait for the end of a workflow task.</summary>
    public bool IsStarted { get; set; }

    /// <summary>The event of its start; 0 until that has an id.</summary>
    public long StartedId { get; set; }
}

/// <summary>A signal or a request to cancel that goes to another execution; the run has not been told what became of it.</summary>
/// <param name="RunId">Empty for the current run.</param>
/// <param name="CompletedId">The event of the workflow task that commanded it.</param>
internal sealed record ExternalState(long InitiatedId, bool IsSignal, string WorkflowId, string RunId, long CompletedId)
{
    [JsonIgnore]
    public Outbox.OutboxKind Kind => IsSignal ? Outbox.OutboxKind.Signal : Outbox.OutboxKind.Cancel;
}

/// <summary>The run that started this one as its child, in the same namespace.</summary>
/// <param name="InitiatedId">The event of that run that initiated the child.</param>
internal sealed record ParentState(string WorkflowId, string RunId, long InitiatedId);

/// <summary>A run of another workflow id.</summary>
internal sealed record RunName(string WorkflowId, string RunId);
