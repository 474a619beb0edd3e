using Flagstone.Testing;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;
using VersioningBehavior = Temporalio.Common.VersioningBehavior;

namespace Flagstone.Workflows.Tests.Deployments;

/// <summary>The host is killed as by a crash around a change of where work goes.</summary>
public sealed class SqliteDeploymentCrashTests
{
    [Fact]
    public async Task Where_work_goes_outlives_the_process_that_was_asked_to_change_it()
    {
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken);
        await DeploymentCrashes.KillAndCheckAsync(host);
    }
}

/// <summary>The same over PostgreSQL; a class of its own, so that both run at once.</summary>
public sealed class PostgresDeploymentCrashTests
{
    [Fact]
    public async Task Where_work_goes_outlives_the_process_that_was_asked_to_change_it()
    {
        await using var postgres = await PrivatePostgres.StartAsync(TestContext.Current.CancellationToken);
        await using var host = await RunningHost.StartAsync(
            TestContext.Current.CancellationToken, await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        await DeploymentCrashes.KillAndCheckAsync(host);
    }
}

internal static class DeploymentCrashes
{
    public static async Task KillAndCheckAsync(RunningHost host)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var bench = new DeploymentBench(await HostFixture.ConnectAsync(host));
        await bench.StartAsync("1", VersioningBehavior.AutoUpgrade);
        await bench.StartAsync("2", VersioningBehavior.AutoUpgrade);
        await bench.SetCurrentAsync("1");
        // A task that was started and died with its process is given again after its timeout.
        var free = await bench.RunAsync(o => o.TaskTimeout = TimeSpan.FromSeconds(2));
        var pinned = await bench.RunAsync(o =>
        {
            o.TaskTimeout = TimeSpan.FromSeconds(2);
            o.VersioningOverride = new Temporalio.Common.VersioningOverride.Pinned(new(bench.Name, "1"));
        });
        Assert.Equal("1", await DeploymentBench.StepAsync(free, 1));
        Assert.Equal("1", await DeploymentBench.StepAsync(pinned, 1));

        // Nobody hears whether it was done: it was, or it was not, for the deployment and for its queue alike.
        var asked = bench.SetCurrentAsync("2");
        await host.KillAsync();
        await host.StartAgainAsync(ct);
        await IgnoreAsync(asked);
        var current = (await bench.DescribeAsync()).WorkerDeploymentInfo.RoutingConfig.CurrentDeploymentVersion;
        Assert.Equal(current, await CurrentOfQueueAsync(bench));
        Assert.Equal($"1{current.BuildId}", await DeploymentBench.StepAsync(free, 2));

        // What was answered is kept.
        await bench.SetCurrentAsync("2");
        await host.KillAsync();
        await host.StartAgainAsync(ct);
        Assert.Equal(bench.Version("2"), await CurrentOfQueueAsync(bench));
        Assert.Equal($"1{current.BuildId}2", await DeploymentBench.StepAsync(free, 3));
        Assert.Equal("11", await DeploymentBench.StepAsync(pinned, 2));
    }

    private static async Task<Temporalio.Api.Deployment.V1.WorkerDeploymentVersion> CurrentOfQueueAsync(DeploymentBench bench) =>
        (await bench.Service.DescribeTaskQueueAsync(new DescribeTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = bench.Queue } }))
            .VersioningInfo.CurrentDeploymentVersion;

    private static async Task IgnoreAsync(Task asked)
    {
        try
        {
            await asked;
        }
        catch (RpcException)
        {
            // It died with the host.
        }
    }
}
