using Flagstone.Workflows.Children;
using Flagstone.Workflows.Versioning;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>What a run has from another one.</summary>
internal sealed record Origin
{
    /// <summary>The run that it follows; null for none.</summary>
    public RunState? Before { get; init; }

    /// <summary>Why it follows; null for a run that follows none.</summary>
    public ContinueAsNewInitiator? Initiator { get; init; }

    public int Attempt { get; init; } = 1;

    /// <summary>Why the run before failed; null if it did not.</summary>
    public Failure? Failure { get; init; }

    /// <summary>The result of the last run that had one.</summary>
    public Payloads? LastResult { get; init; }

    /// <summary>Who starts it as its child; null for nobody, and for a run that follows another one of the child.</summary>
    public ParentState? Parent { get; init; }

    /// <summary>The run at the top of the parent's tree.</summary>
    public RunName? Root { get; init; }

    /// <summary>What it has of the other run's version; null for nothing.</summary>
    public Inherited? Inherited { get; init; }

    /// <summary>Who started the parent, or made the schedule; null where who asks for the run starts it.</summary>
    public string? StartedBy { get; init; }

    /// <summary>The schedule that starts it; null for none, and for a run that follows another one.</summary>
    public string? Schedule { get; init; }

    /// <summary>How far the clock of the parent is ahead.</summary>
    public TimeSpan Skipped { get; init; }
}
