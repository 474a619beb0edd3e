using Temporalio.Api.Deployment.V1;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Deployments;

/// <summary>
/// A version of a worker deployment. Its text, <c>deployment:build</c>, is how rows, tasks and search attributes name it; the empty text stands for workers
/// without a version.
/// </summary>
internal readonly record struct WorkerVersion(string Deployment, string BuildId)
{
    /// <summary>How older fields of the API name workers without a version.</summary>
    public const string Unversioned = "__unversioned__";

    /// <summary>As older fields of the API name it.</summary>
    public string Dotted => $"{Deployment}.{BuildId}";

    /// <summary>The version of a text; null for the empty one.</summary>
    public static WorkerVersion? Parse(string? text) =>
        text?.IndexOf(':', StringComparison.Ordinal) is > 0 and var at ? new WorkerVersion(text[..at], text[(at + 1)..]) : null;

    /// <summary>The version of an older field; null for none, and for workers without one.</summary>
    public static WorkerVersion? OfDotted(string? text) =>
        text?.IndexOf('.', StringComparison.Ordinal) is > 0 and var at ? new WorkerVersion(text[..at], text[(at + 1)..]) : null;

    /// <summary>The text of a message; empty for none.</summary>
    public static string TextOf(WorkerDeploymentVersion? version) =>
        version is { DeploymentName.Length: > 0 } ? new WorkerVersion(version.DeploymentName, version.BuildId).ToString() : "";

    /// <summary>The text of the version that a worker works for; empty for a worker without one.</summary>
    public static string TextOf(WorkerDeploymentOptions? options) =>
        options is { WorkerVersioningMode: WorkerVersioningMode.Versioned } ? new WorkerVersion(options.DeploymentName, options.BuildId).ToString() : "";

    /// <summary>The message of a text; null for the empty one.</summary>
    public static WorkerDeploymentVersion? MessageOf(string? text) => Parse(text)?.ToMessage();

    /// <summary>As older fields of the API say a text; empty for none.</summary>
    public static string DottedOf(string? text) => Parse(text)?.Dotted ?? "";

    public WorkerDeploymentVersion ToMessage() => new() { DeploymentName = Deployment, BuildId = BuildId };

    public override string ToString() => $"{Deployment}:{BuildId}";
}
