using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;

namespace Flagstone.Workflows.Deployments;

/// <summary>A worker deployment of a namespace. Requests and answers are messages of Temporal's API as bytes.</summary>
[GrainInterfaceType("flagstone.workflow-deployment")]
internal interface IDeploymentGrain : IReconcileGrain
{
    /// <summary>Notes that workers of a build poll a queue; stores nothing where that is known.</summary>
    [Alias("Register")]
    Task<Refusal?> RegisterAsync(string build, string queue, TaskKind kind, string actor);

    [Alias("Describe")]
    Task<Answer> DescribeAsync();

    [Alias("DescribeVersion")]
    Task<Answer> DescribeVersionAsync(string build);

    [Alias("SetCurrent")]
    Task<Answer> SetCurrentAsync(Call call);

    [Alias("SetRamping")]
    Task<Answer> SetRampingAsync(Call call);

    [Alias("SetManager")]
    Task<Answer> SetManagerAsync(Call call);

    [Alias("UpdateMetadata")]
    Task<Answer> UpdateMetadataAsync(Call call);

    [Alias("Create")]
    Task<Answer> CreateAsync(Call call);

    [Alias("CreateVersion")]
    Task<Answer> CreateVersionAsync(Call call);

    [Alias("DeleteVersion")]
    Task<Answer> DeleteVersionAsync(Call call);

    [Alias("Delete")]
    Task<Answer> DeleteAsync(Call call);
}
