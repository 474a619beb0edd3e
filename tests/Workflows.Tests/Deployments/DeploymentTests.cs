using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

#pragma warning disable CS0612 // The API calls what a change answers of the version before it old.

namespace Flagstone.Workflows.Tests.Deployments;

/// <summary>Deployments as clients make, change and delete them.</summary>
public sealed class DeploymentTests(HostFixture fixture)
{
    [Fact]
    public async Task A_poll_with_a_version_makes_the_deployment_the_version_and_its_queue()
    {
        await using var bench = new DeploymentBench(await fixture.ConnectAsync());
        await PollAsync(bench, "1");

        var described = await bench.DescribeAsync();
        var summary = Assert.Single(described.WorkerDeploymentInfo.VersionSummaries);
        Assert.Equal((bench.Version("1"), WorkerDeploymentVersionStatus.Inactive), (summary.DeploymentVersion, summary.Status));
        Assert.Null(described.WorkerDeploymentInfo.RoutingConfig.CurrentDeploymentVersion);
        var queue = Assert.Single((await bench.DescribeAsync("1")).TaskQueueInfos);
        Assert.Equal((bench.Queue, TaskQueueType.Workflow), (queue.Name, queue.Type));
        await PollAsync(bench, "1");
        Assert.Equal(described.ConflictToken, (await bench.DescribeAsync()).ConflictToken);
    }

    [Fact]
    public async Task A_change_needs_the_token_of_the_last_one_and_the_manager()
    {
        await using var bench = await CreatedAsync("1", "2");
        var first = (await bench.DescribeAsync()).ConflictToken;
        var set = await SetCurrentAsync(bench, "1", first);
        Assert.Null(set.PreviousDeploymentVersion);

        var stale = await Assert.ThrowsAsync<RpcException>(() => SetCurrentAsync(bench, "2", first));
        Assert.Equal((RpcException.StatusCode.FailedPrecondition, "conflict token mismatch"), (stale.Code, stale.Message));
        var managed = await bench.Service.SetWorkerDeploymentManagerAsync(new SetWorkerDeploymentManagerRequest
        {
            Namespace = "default", DeploymentName = bench.Name, ManagerIdentity = "boss", Identity = "tester", ConflictToken = set.ConflictToken,
        });
        var refused = await Assert.ThrowsAsync<RpcException>(() => SetCurrentAsync(bench, "2", managed.ConflictToken));
        Assert.Contains("ManagerIdentity 'boss' is set", refused.Message, StringComparison.Ordinal);
        var second = await SetCurrentAsync(bench, "2", managed.ConflictToken, "boss");

        Assert.Equal(bench.Version("1"), second.PreviousDeploymentVersion);
        var info = (await bench.DescribeAsync()).WorkerDeploymentInfo;
        Assert.Equal((bench.Version("2"), 2, "boss", "boss"), (info.RoutingConfig.CurrentDeploymentVersion, info.RoutingConfig.RevisionNumber, info.ManagerIdentity, info.LastModifierIdentity));
    }

    [Fact]
    public async Task A_version_that_ramps_becomes_current_and_the_ramp_ends()
    {
        await using var bench = await CreatedAsync("1", "2");
        await SetCurrentAsync(bench, "1");
        await RampAsync(bench, "2", 25);
        Assert.Equal((25f, WorkerDeploymentVersionStatus.Ramping), (await bench.DescribeAsync("2") is var ramping ? ramping.RampPercentage : 0, ramping.Status));
        var same = await Assert.ThrowsAsync<RpcException>(() => RampAsync(bench, "1", 10));
        Assert.Equal($"Ramping version {bench.Name}:1 is already current", same.Message);

        await SetCurrentAsync(bench, "2");

        var routing = (await bench.DescribeAsync()).WorkerDeploymentInfo.RoutingConfig;
        Assert.Equal((bench.Version("2"), 0f), (routing.CurrentDeploymentVersion, routing.RampingVersionPercentage));
        Assert.Null(routing.RampingDeploymentVersion);
        Assert.Equal(WorkerDeploymentVersionStatus.Current, (await bench.DescribeAsync("2")).Status);
        Assert.Equal(WorkerDeploymentVersionStatus.Drained, (await bench.DescribeAsync("1")).Status);
    }

    [Fact]
    public async Task Work_is_not_sent_to_a_version_that_nobody_works_for_or_that_lacks_a_queue_in_use()
    {
        await using var bench = await CreatedAsync("empty");
        var nobody = await Assert.ThrowsAsync<RpcException>(() => bench.SetCurrentAsync("empty"));
        Assert.Contains("has no pollers", nobody.Message, StringComparison.Ordinal);
        var unknown = await Assert.ThrowsAsync<RpcException>(() => bench.SetCurrentAsync("unknown"));
        Assert.Equal(RpcException.StatusCode.NotFound, unknown.Code);
        await PollAsync(bench, "1");
        await bench.SetCurrentAsync("1");
        await PollAsync(bench, "2", "another-queue");
        await bench.RunAsync();

        var missing = await Assert.ThrowsAsync<RpcException>(() => bench.SetCurrentAsync("2"));
        Assert.Contains("is missing active task queues", missing.Message, StringComparison.Ordinal);
        await bench.Service.SetWorkerDeploymentCurrentVersionAsync(new SetWorkerDeploymentCurrentVersionRequest
        {
            Namespace = "default", DeploymentName = bench.Name, BuildId = "2", IgnoreMissingTaskQueues = true,
        });

        Assert.Equal(WorkerDeploymentVersionStatus.Current, (await bench.DescribeAsync("2")).Status);
    }

    [Fact]
    public async Task Metadata_of_a_version_is_put_and_removed()
    {
        await using var bench = await CreatedAsync("1");
        var request = new UpdateWorkerDeploymentVersionMetadataRequest { Namespace = "default", DeploymentVersion = bench.Version("1") };
        request.UpsertEntries["commit"] = new Payload { Data = ByteString.CopyFromUtf8("\"abc\"") };
        request.UpsertEntries["old"] = new Payload { Data = ByteString.CopyFromUtf8("1") };
        await bench.Service.UpdateWorkerDeploymentVersionMetadataAsync(request);

        var left = await bench.Service.UpdateWorkerDeploymentVersionMetadataAsync(
            new UpdateWorkerDeploymentVersionMetadataRequest { Namespace = "default", DeploymentVersion = bench.Version("1"), RemoveEntries = { "old" } });

        Assert.Equal("commit", Assert.Single(left.Metadata.Entries).Key);
        Assert.Equal(left.Metadata, (await bench.DescribeAsync("1")).Metadata);
    }

    [Fact]
    public async Task Only_versions_without_work_and_deployments_without_versions_are_deleted()
    {
        await using var bench = await CreatedAsync("1");
        await SetCurrentAsync(bench, "1");
        var current = await Assert.ThrowsAsync<RpcException>(() => DeleteVersionAsync(bench, "1"));
        Assert.Contains("is current or ramping", current.Message, StringComparison.Ordinal);
        var filled = await Assert.ThrowsAsync<RpcException>(() => DeleteAsync(bench));
        Assert.Contains("has versions", filled.Message, StringComparison.Ordinal);
        Assert.Contains(bench.Name, await NamesAsync(bench));

        await SetCurrentAsync(bench, "");
        await DeleteVersionAsync(bench, "1");
        await DeleteVersionAsync(bench, "1");
        await DeleteAsync(bench);

        var gone = await Assert.ThrowsAsync<RpcException>(() => bench.DescribeAsync());
        Assert.Equal(RpcException.StatusCode.NotFound, gone.Code);
        Assert.DoesNotContain(bench.Name, await NamesAsync(bench));
    }

    [Fact]
    public async Task A_name_that_texts_could_not_tell_from_a_build_is_refused()
    {
        var client = await fixture.ConnectAsync();
        var refused = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.CreateWorkerDeploymentAsync(
            new CreateWorkerDeploymentRequest { Namespace = "default", DeploymentName = "a.b" }));
        var behavior = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.SetWorkerDeploymentRampingVersionAsync(
            new SetWorkerDeploymentRampingVersionRequest { Namespace = "default", DeploymentName = "ab", Percentage = 101 }));

        Assert.Equal((RpcException.StatusCode.InvalidArgument, RpcException.StatusCode.InvalidArgument), (refused.Code, behavior.Code));
    }

    private async Task<DeploymentBench> CreatedAsync(params string[] builds)
    {
        var bench = new DeploymentBench(await fixture.ConnectAsync());
        await bench.Service.CreateWorkerDeploymentAsync(new CreateWorkerDeploymentRequest { Namespace = "default", DeploymentName = bench.Name });
        foreach (var build in builds)
        {
            await bench.Service.CreateWorkerDeploymentVersionAsync(
                new CreateWorkerDeploymentVersionRequest { Namespace = "default", DeploymentVersion = bench.Version(build) });
        }

        return bench;
    }

    /// <summary>A poll that no task comes for.</summary>
    private static async Task PollAsync(DeploymentBench bench, string build, string? queue = null)
    {
        using var stop = new CancellationTokenSource();
        var polling = bench.Service.PollWorkflowTaskQueueAsync(
            new PollWorkflowTaskQueueRequest
            {
                Namespace = "default", TaskQueue = new() { Name = queue ?? bench.Queue }, Identity = "poller",
                DeploymentOptions = new() { DeploymentName = bench.Name, BuildId = build, WorkerVersioningMode = WorkerVersioningMode.Versioned },
            },
            new RpcOptions { CancellationToken = stop.Token });
        await DeploymentBench.UntilAsync(async () => (await bench.DescribeAsync(build)).TaskQueueInfos.Count > 0, $"version {build} to be registered");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => polling);
    }

    private static Task<SetWorkerDeploymentCurrentVersionResponse> SetCurrentAsync(
        DeploymentBench bench, string build, ByteString? token = null, string identity = "tester") => bench.Service.SetWorkerDeploymentCurrentVersionAsync(
        new SetWorkerDeploymentCurrentVersionRequest
        {
            Namespace = "default", DeploymentName = bench.Name, BuildId = build, ConflictToken = token ?? ByteString.Empty, Identity = identity, AllowNoPollers = true,
        });

    private static Task<SetWorkerDeploymentRampingVersionResponse> RampAsync(DeploymentBench bench, string build, float percentage) => bench.Service.SetWorkerDeploymentRampingVersionAsync(
        new SetWorkerDeploymentRampingVersionRequest
        {
            Namespace = "default", DeploymentName = bench.Name, BuildId = build, Percentage = percentage, AllowNoPollers = true,
        });

    private static Task<DeleteWorkerDeploymentVersionResponse> DeleteVersionAsync(DeploymentBench bench, string build) => bench.Service.DeleteWorkerDeploymentVersionAsync(
        new DeleteWorkerDeploymentVersionRequest { Namespace = "default", DeploymentVersion = bench.Version(build) });

    private static Task<DeleteWorkerDeploymentResponse> DeleteAsync(DeploymentBench bench) =>
        bench.Service.DeleteWorkerDeploymentAsync(new DeleteWorkerDeploymentRequest { Namespace = "default", DeploymentName = bench.Name });

    private static async Task<List<string>> NamesAsync(DeploymentBench bench)
    {
        var (names, token) = (new List<string>(), ByteString.Empty);
        do
        {
            var page = await bench.Service.ListWorkerDeploymentsAsync(new ListWorkerDeploymentsRequest { Namespace = "default", PageSize = 2, NextPageToken = token });
            names.AddRange(page.WorkerDeployments.Select(d => d.Name));
            token = page.NextPageToken;
        }
        while (!token.IsEmpty);

        return names;
    }
}
