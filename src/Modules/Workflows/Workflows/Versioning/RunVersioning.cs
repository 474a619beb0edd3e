using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Versioning;

/// <summary>Which version of its workers a run is for. A version is a text, as <see cref="Deployments.WorkerVersion"/> has it; the empty one is none.</summary>
internal sealed record RunVersioning
{
    /// <summary>What the worker said that completed the last workflow task, or what the run has from the one before.</summary>
    public VersioningBehavior Behavior { get; set; }

    /// <summary>The version of the worker that completed the last workflow task.</summary>
    public string Version { get; set; } = "";

    /// <summary>The deployment of that worker; also of one that takes no tasks by versions.</summary>
    public string Deployment { get; set; } = "";

    /// <summary>What a caller said, which goes before what workers say; null for nothing.</summary>
    public VersioningOverride? Override { get; set; }

    /// <summary>The version to which the run goes over: a workflow task was started there and has not been completed. Null for none.</summary>
    public string? Transition { get; set; }

    /// <summary>The version that a run had from another one that was pinned to it.</summary>
    public string Inherited { get; set; } = "";

    /// <summary>How the run that continues another one begins; until its first workflow task completes.</summary>
    public ContinueAsNewVersioningBehavior Initial { get; set; }

    /// <summary>How often another version has taken over.</summary>
    public long Revision { get; set; }
}
