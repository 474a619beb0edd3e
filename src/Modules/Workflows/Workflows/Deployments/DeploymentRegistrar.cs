using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Temporalio.Api.Deployment.V1;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Deployments;

/// <summary>
/// Tells deployments which queues the workers of their versions poll. What was told lately is not told again; a deployment stores what is news alone, so
/// that polls write nothing.
/// </summary>
internal sealed class DeploymentRegistrar(IGrainFactory grains, TimeProvider clock)
{
    private const int MaxKept = 10_000;

    /// <summary>A version that was deleted and whose workers come again is there again after this time.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly Dictionary<(TaskQueueKey Queue, string Deployment, string Build), DateTimeOffset> told = [];

    /// <summary>Null when it is registered, or is no worker of a version; else why it cannot be.</summary>
    public async Task<Refusal?> SeenAsync(TaskQueueKey queue, WorkerDeploymentOptions? options, string actor)
    {
        if (options is not { WorkerVersioningMode: WorkerVersioningMode.Versioned })
        {
            return null;
        }

        var mark = (queue, options.DeploymentName, options.BuildId);
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (told.TryGetValue(mark, out var at) && at > now - Fresh)
            {
                return null;
            }
        }

        var deployment = grains.GetGrain<IDeploymentGrain>(new DeploymentKey(queue.Namespace, options.DeploymentName).ToString());
        if (await deployment.RegisterAsync(options.BuildId, queue.Name, queue.Kind, actor) is { } refusal)
        {
            return refusal;
        }

        lock (gate)
        {
            if (told.Count >= MaxKept)
            {
                told.Clear();
            }

            told[mark] = now;
        }

        return null;
    }
}
