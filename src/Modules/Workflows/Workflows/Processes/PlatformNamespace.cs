using System.ComponentModel.DataAnnotations;
using Flagstone.Platform.Identity;
using Flagstone.Workflows.Contracts;

namespace Flagstone.Workflows.Processes;

/// <summary>The workflow namespace in which the platform's own processes run. Who may change what runs there stands in <see cref="AccessRules"/>.</summary>
internal sealed record PlatformNamespace(string Name)
{
    /// <summary>As long as a year's audit asks for it.</summary>
    public static readonly TemporalNamespaceSettings Settings = new(
        "The platform's own processes, such as the retirement of a service.", "", TimeSpan.FromDays(400), new Dictionary<string, string>());

    /// <exception cref="ValidationException">The name cannot be used.</exception>
    public PlatformNamespace Checked() => AccessRules.IsPlatformWorkflows(Name) ? this : throw new ValidationException(
        $"{WorkflowsOptions.Section}:{nameof(WorkflowsOptions.ProcessNamespace)} is '{Name}'. Use '{AccessRules.PlatformWorkflows}', or a name that begins with '{AccessRules.PlatformWorkflows}-'.");
}
