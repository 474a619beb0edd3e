using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Fleet;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Temporalio.Api.Worker.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Workers: what they say of themselves each minute.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    /// <summary>One process of a worker's has so many workers in a namespace.</summary>
    private const int MaxHeartbeats = 1_000;

    private const int MaxHeartbeatBytes = 64 * 1024;

    private const int WorkersPerPage = 100;

    [Rpc]
    public async Task<RecordWorkerHeartbeatResponse> RecordWorkerHeartbeat(RecordWorkerHeartbeatRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        await HearAsync(ns.Id, request.WorkerHeartbeat);
        return new RecordWorkerHeartbeatResponse();
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<ListWorkersResponse> ListWorkers(ListWorkersRequest request, ServerCallContext context)
    {
        var after = request.NextPageToken.ToStringUtf8();
        var size = request.PageSize is > 0 and < WorkersPerPage ? request.PageSize : WorkersPerPage;
        var found = (await WorkersAsync(request.Namespace, request.Query, context)).Where(w => string.CompareOrdinal(w.WorkerInstanceKey, after) > 0).ToList();
        var page = found.Take(size).ToList();
        var response = new ListWorkersResponse
        {
            Workers = { page.Select(Shown) },
            NextPageToken = found.Count > size ? ByteString.CopyFromUtf8(page[^1].WorkerInstanceKey) : ByteString.Empty,
        };
#pragma warning disable CS0612 // Older clients read them there.
        response.WorkersInfo.Add(page.Select(w => new WorkerInfo { WorkerHeartbeat = w }));
#pragma warning restore CS0612
        return response;
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<CountWorkersResponse> CountWorkers(CountWorkersRequest request, ServerCallContext context) =>
        new() { Count = (await WorkersAsync(request.Namespace, request.Query, context)).Count };

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<DescribeWorkerResponse> DescribeWorker(DescribeWorkerRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.WorkerInstanceKey, "WorkerInstanceKey");
        var found = (await WorkersAsync(request.Namespace, "", context)).Find(w => w.WorkerInstanceKey == request.WorkerInstanceKey)
            ?? throw RpcErrors.NotFound($"No worker '{request.WorkerInstanceKey}' of this namespace has been heard of within the last minutes.");
        return new DescribeWorkerResponse { WorkerInfo = new WorkerInfo { WorkerHeartbeat = found } };
    }

    private static WorkerListInfo Shown(WorkerHeartbeat worker)
    {
        var info = worker.CopyTo(new WorkerListInfo());
        (info.HostName, info.WorkerGroupingKey, info.ProcessId) =
            (worker.HostInfo?.HostName ?? "", worker.HostInfo?.WorkerGroupingKey ?? "", worker.HostInfo?.ProcessId ?? "");
        return info;
    }

    private async Task HearAsync(string ns, RepeatedField<WorkerHeartbeat> heartbeats)
    {
        if (heartbeats.Count > MaxHeartbeats)
        {
            throw RpcErrors.InvalidArgument($"WorkerHeartbeat has {heartbeats.Count} entries, more than {MaxHeartbeats}.");
        }

        foreach (var heartbeat in heartbeats)
        {
            RequestChecks.Id(heartbeat.WorkerInstanceKey, "WorkerInstanceKey");
            RequestChecks.Time(heartbeat.StartTime, "StartTime");
            if (heartbeat.CalculateSize() > MaxHeartbeatBytes)
            {
                throw RpcErrors.InvalidArgument($"The heartbeat of worker '{heartbeat.WorkerInstanceKey}' exceeds {MaxHeartbeatBytes} bytes.");
            }
        }

        if (heartbeats.Count > 0)
        {
            await grains.GetGrain<IFleetGrain>(ns).HearAsync([.. heartbeats.Select(h => h.ToByteArray())]);
        }
    }

    private async Task<List<WorkerHeartbeat>> WorkersAsync(string name, string query, ServerCallContext context)
    {
        var ns = await NamespaceAsync(name, context);
        var all = (await grains.GetGrain<IFleetGrain>(ns.Id).ListAsync()).Select(WorkerHeartbeat.Parser.ParseFrom);
        return Answered(() => all.Where(WorkerQuery.Read(query)).ToList());
    }
}
