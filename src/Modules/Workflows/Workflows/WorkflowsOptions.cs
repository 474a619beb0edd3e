using Flagstone.Platform.Identity;

namespace Flagstone.Workflows;

/// <summary>Settings of the module; keys <c>Flagstone:Workflows:...</c>.</summary>
internal sealed record WorkflowsOptions
{
    public const string Section = "Flagstone:Workflows";

    /// <summary>Whether callers of this machine need no token on Temporal's port: they are the principal <c>anonymous</c>, with every right there.</summary>
    public bool Anonymous { get; init; }

    /// <summary>The folder that histories are archived in, an absolute path; empty for none.</summary>
    public string Archive { get; init; } = "";

    /// <summary>
    /// Whether people of this installation decide the activities of task queue <c>flagstone-people</c>. False where they decide elsewhere: then that is a
    /// queue as any other.
    /// </summary>
    public bool People { get; init; } = true;

    /// <summary>
    /// The workflow namespace of the platform's own processes: <c>flagstone</c>, or a name that begins with <c>flagstone-</c>. Installations that share a
    /// Temporal server need one each.
    /// </summary>
    public string ProcessNamespace { get; init; } = AccessRules.PlatformWorkflows;
}
