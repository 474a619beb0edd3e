using Flagstone.Platform.Storage;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.Deployment.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>What task queues are: who polls them, and what waits there.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("rates, and what older clients ask of versions", Access = RpcAccess.ReadOwn)]
    public async Task<DescribeTaskQueueResponse> DescribeTaskQueue(DescribeTaskQueueRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.TaskQueue?.Name, "TaskQueue");
        var ns = await NamespaceAsync(request.Namespace, context);
        var key = new TaskQueueKey(ns.Id, KindOf(request.TaskQueueType), request.TaskQueue!.Name);
        var stats = await StatsAsync(key, context.CancellationToken);
        var response = new DescribeTaskQueueResponse
        {
            Pollers =
            {
                (await Queue(key).PollersAsync()).Select(p => new PollerInfo
                {
                    Identity = p.Identity, LastAccessTime = Timestamp.FromDateTimeOffset(p.At),
                    DeploymentOptions = p.Worker is { } worker ? new WorkerDeploymentOptions
                    {
                        DeploymentName = worker.Deployment, BuildId = worker.BuildId,
                        WorkerVersioningMode = worker.IsVersioned ? WorkerVersioningMode.Versioned : WorkerVersioningMode.Unversioned,
                    } : null,
                }),
            },
            VersioningInfo = Versioning(await deployments.RoutingAsync(key, context.CancellationToken)),
            Stats = stats,
        };
#pragma warning disable CS0612 // Older clients read the count there.
        response.TaskQueueStatus = request.IncludeTaskQueueStatus ? new TaskQueueStatus { BacklogCountHint = stats.ApproximateBacklogCount } : null;
#pragma warning restore CS0612
        return response;
    }

    private static TaskKind KindOf(TaskQueueType type) => type switch
    {
        TaskQueueType.Unspecified or TaskQueueType.Workflow => TaskKind.Workflow,
        TaskQueueType.Activity => TaskKind.Activity,
        TaskQueueType.Nexus => TaskKind.Nexus,
        _ => throw RpcErrors.Unimplemented($"Task queues of type {type} are not there yet."),
    };

    private async Task<TaskQueueStats> StatsAsync(TaskQueueKey key, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (count, oldest) = await tasks.BacklogAsync(key, now, ct);
        return new TaskQueueStats
        {
            ApproximateBacklogCount = count, ApproximateBacklogAge = Duration.FromTimeSpan(oldest is { } at && at < now ? now - at : TimeSpan.Zero),
        };
    }

    /// <summary>Null of a queue that no version has polled.</summary>
    private static TaskQueueVersioningInfo? Versioning(QueueRouting routing) => !routing.HasVersions ? null : new TaskQueueVersioningInfo
    {
        CurrentDeploymentVersion = WorkerVersion.MessageOf(routing.Current),
#pragma warning disable CS0612 // Older clients read them as texts.
        CurrentVersion = routing.Current.Length > 0 ? WorkerVersion.DottedOf(routing.Current) : WorkerVersion.Unversioned,
        RampingVersion = routing.Ramping is { Length: 0 } ? WorkerVersion.Unversioned : WorkerVersion.DottedOf(routing.Ramping),
#pragma warning restore CS0612
        RampingDeploymentVersion = WorkerVersion.MessageOf(routing.Ramping),
        RampingVersionPercentage = routing.Percentage,
        UpdateTime = Math.Max(routing.CurrentAtMicros, routing.RampingAtMicros) is > 0 and var at ? Timestamp.FromDateTimeOffset(Micros.ToTime(at)) : null,
    };

    /// <summary>A queue is in one place: it has one partition, of its own name.</summary>
    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<ListTaskQueuePartitionsResponse> ListTaskQueuePartitions(ListTaskQueuePartitionsRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.TaskQueue?.Name, "TaskQueue");
        await NamespaceAsync(request.Namespace, context);
        var only = new TaskQueuePartitionMetadata { Key = request.TaskQueue!.Name, OwnerHostName = NamespaceMessages.ClusterName };
        return new ListTaskQueuePartitionsResponse { ActivityTaskQueuePartitions = { only }, WorkflowTaskQueuePartitions = { only } };
    }
}
