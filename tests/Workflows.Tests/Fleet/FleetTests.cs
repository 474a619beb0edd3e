using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Worker.V1;
using Temporalio.Client;
using Temporalio.Exceptions;
using Temporalio.Runtime;

namespace Flagstone.Workflows.Tests.Fleet;

/// <summary>What workers say of themselves.</summary>
public sealed class FleetTests(HostFixture fixture)
{
    private readonly string queue = $"queue-{Guid.NewGuid():N}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_of_the_SDK_is_found_by_its_queue_and_says_that_it_stops()
    {
        var runtime = new TemporalRuntime(new TemporalRuntimeOptions { WorkerHeartbeatInterval = TimeSpan.FromSeconds(1) });
        var client = await TemporalClient.ConnectAsync(new TemporalClientConnectOptions($"127.0.0.1:{fixture.Host.TemporalPort}")
        {
            ApiKey = fixture.Host.Token, Tls = new TlsOptions { Disabled = true }, Runtime = runtime,
        });
        await using var worker = RunningWorker.Start(client, queue);

        var found = await UntilAsync(client, WorkerStatus.Running);

        Assert.Equal((queue, client.Connection.Options.Identity), (found.TaskQueue, found.WorkerIdentity));
        Assert.StartsWith("temporal-dotnet", found.SdkName, StringComparison.Ordinal);
        var described = await client.WorkflowService.DescribeWorkerAsync(new() { Namespace = "default", WorkerInstanceKey = found.WorkerInstanceKey });
        Assert.Equal(found.WorkerInstanceKey, described.WorkerInfo.WorkerHeartbeat.WorkerInstanceKey);
        await worker.DisposeAsync();
        Assert.Equal(found.WorkerInstanceKey, (await UntilAsync(client, WorkerStatus.ShuttingDown)).WorkerInstanceKey);
    }

    [Fact]
    public async Task Workers_are_listed_in_pages_and_counted_by_queries()
    {
        var client = await fixture.ConnectAsync();
        await client.WorkflowService.RecordWorkerHeartbeatAsync(new() { Namespace = "default", WorkerHeartbeat = { Worker("a", "1.0"), Worker("b", "1.1"), Worker("c", "2.0") } });

        var first = await client.WorkflowService.ListWorkersAsync(new() { Namespace = "default", PageSize = 2, Query = $"TaskQueue = '{queue}'" });
        var second = await client.WorkflowService.ListWorkersAsync(
            new() { Namespace = "default", PageSize = 2, Query = $"TaskQueue = '{queue}'", NextPageToken = first.NextPageToken });

        Assert.Equal(["a", "b", "c"], first.Workers.Concat(second.Workers).Select(w => w.WorkerIdentity));
        Assert.Empty(second.NextPageToken);
        Assert.Equal(2, await CountAsync("SdkVersion STARTS_WITH '1.'"));
        Assert.Equal(1, await CountAsync("NOT SdkVersion IN ('1.0', '1.1')"));
        Assert.Equal(3, await CountAsync("StartTime >= '2026-01-01T00:00:00Z' AND StartTime < '2026-01-01T00:00:01Z'"));
        // What a worker does not say is neither equal nor unequal.
        Assert.Equal(0, await CountAsync("HostName != 'x'"));
        Assert.Equal(3, await CountAsync("HostName IS NULL"));
        Assert.Equal(2, await CountAsync("WorkerIdentity = 'a' OR WorkerIdentity BETWEEN 'bb' AND 'd'"));
        var refused = await Assert.ThrowsAsync<RpcException>(() => CountAsync("Colour = 'red'"));
        Assert.Equal(RpcException.StatusCode.InvalidArgument, refused.Code);
        Assert.Contains("workers have no Colour", refused.Message, StringComparison.Ordinal);

        async Task<long> CountAsync(string query) => (await client.WorkflowService.CountWorkersAsync(
            new() { Namespace = "default", Query = $"TaskQueue = '{queue}' AND ({query})" })).Count;
    }

    [Fact]
    public async Task A_worker_that_is_not_known_is_not_found_and_one_without_a_key_is_refused()
    {
        var client = await fixture.ConnectAsync();

        var missing = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.DescribeWorkerAsync(new() { Namespace = "default", WorkerInstanceKey = "none" }));
        var nameless = await Assert.ThrowsAsync<RpcException>(
            () => client.WorkflowService.RecordWorkerHeartbeatAsync(new() { Namespace = "default", WorkerHeartbeat = { new WorkerHeartbeat() } }));

        Assert.Equal((RpcException.StatusCode.NotFound, RpcException.StatusCode.InvalidArgument), (missing.Code, nameless.Code));
    }

    private WorkerHeartbeat Worker(string name, string version) => new()
    {
        WorkerInstanceKey = $"{queue}-{name}", WorkerIdentity = name, TaskQueue = queue, SdkVersion = version, Status = WorkerStatus.Running,
        StartTime = Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)),
    };

    private async Task<WorkerListInfo> UntilAsync(TemporalClient client, WorkerStatus status)
    {
        while (true)
        {
            Ct.ThrowIfCancellationRequested();
            if ((await client.WorkflowService.ListWorkersAsync(new() { Namespace = "default", Query = $"TaskQueue = '{queue}' AND Status = '{status}'" })).Workers is [var one])
            {
                return one;
            }
        }
    }
}
