using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>What task queues are: who polls them, and what waits there.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("rates, versions and their reachability", Access = RpcAccess.ReadOwn)]
    public async Task<DescribeTaskQueueResponse> DescribeTaskQueue(DescribeTaskQueueRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.TaskQueue?.Name, "TaskQueue");
        var ns = await NamespaceAsync(request.Namespace, context);
        var kind = request.TaskQueueType switch
        {
            TaskQueueType.Unspecified or TaskQueueType.Workflow => TaskKind.Workflow,
            TaskQueueType.Activity => TaskKind.Activity,
            TaskQueueType.Nexus => TaskKind.Nexus,
            var other => throw RpcErrors.Unimplemented($"Task queues of type {other} are not there yet."),
        };
        var key = new TaskQueueKey(ns.Id, kind, request.TaskQueue!.Name);
        var now = clock.GetUtcNow();
        var (count, oldest) = await tasks.BacklogAsync(key, now, context.CancellationToken);
        var response = new DescribeTaskQueueResponse
        {
            Pollers =
            {
                (await Queue(key).PollersAsync()).Select(p => new PollerInfo { Identity = p.Identity, LastAccessTime = Timestamp.FromDateTimeOffset(p.At) }),
            },
            Stats = new TaskQueueStats
            {
                ApproximateBacklogCount = count,
                ApproximateBacklogAge = Duration.FromTimeSpan(oldest is { } at && at < now ? now - at : TimeSpan.Zero),
            },
        };
#pragma warning disable CS0612 // Older clients read the count there.
        response.TaskQueueStatus = request.IncludeTaskQueueStatus ? new TaskQueueStatus { BacklogCountHint = count } : null;
#pragma warning restore CS0612
        return response;
    }

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
