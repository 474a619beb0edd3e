using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Common;

namespace Flagstone.Workflows.Tests.Activities;

/// <summary>The host is killed as by a crash while activities that clients started are under way.</summary>
public sealed class SqliteStandaloneActivityCrashTests
{
    [Fact]
    public async Task Activities_of_clients_outlive_their_process()
    {
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken);
        await StandaloneActivityCrashes.KillAndCheckAsync(host);
    }
}

/// <summary>The same over PostgreSQL; a class of its own, so that both run at once.</summary>
public sealed class PostgresStandaloneActivityCrashTests
{
    [Fact]
    public async Task Activities_of_clients_outlive_their_process()
    {
        await using var postgres = await PrivatePostgres.StartAsync(TestContext.Current.CancellationToken);
        await using var host = await RunningHost.StartAsync(
            TestContext.Current.CancellationToken, await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        await StandaloneActivityCrashes.KillAndCheckAsync(host);
    }
}

internal static class StandaloneActivityCrashes
{
    public static async Task KillAndCheckAsync(RunningHost host)
    {
        var ct = TestContext.Current.CancellationToken;
        var client = await HostFixture.ConnectAsync(host);
        var queue = $"queue-{Guid.NewGuid():N}";
        await using var worker = RunningWorker.Start(client);
        var begun = await StartAsync("Leave", worker.Queue);
        await worker.Activities.Began.Task.WaitAsync(ct);
        var waiting = await StartAsync("Count", queue);
        var late = await client.StartActivityAsync("Count", ["late"], new StartActivityOptions("late", queue)
        {
            ScheduleToCloseTimeout = TimeSpan.FromSeconds(60), StartDelay = TimeSpan.FromMilliseconds(500),
        });
        var overdue = await client.StartActivityAsync("Count", ["overdue"], new StartActivityOptions("overdue", $"nobody-{queue}")
        {
            ScheduleToStartTimeout = TimeSpan.FromMilliseconds(500), StartToCloseTimeout = TimeSpan.FromSeconds(60),
        });

        await host.KillAsync();
        await host.StartAgainAsync(ct);

        // The attempt that was under way goes on: its worker's answer is taken.
        await client.WorkflowService.RespondActivityTaskCompletedByIdAsync(new() { Namespace = "default", ActivityId = begun.Id });
        await begun.GetResultAsync();
        await using var other = RunningWorker.Start(client, queue);
        Assert.Equal("x:1", await waiting.GetResultAsync<string>());
        Assert.Equal("late:1", await late.GetResultAsync<string>());
        await Assert.ThrowsAsync<Temporalio.Exceptions.ActivityFailedException>(() => overdue.GetResultAsync());
        Assert.Equal(ActivityExecutionStatus.TimedOut, (await overdue.DescribeAsync()).Status);
        Assert.Equal(4, (await client.CountActivitiesAsync("ExecutionStatus != 'Running'")).Count);

        Task<ActivityHandle> StartAsync(string activity, string on) => client.StartActivityAsync(
            activity, ["x"], new StartActivityOptions(activity, on) { StartToCloseTimeout = TimeSpan.FromSeconds(60), RetryPolicy = new RetryPolicy { MaximumAttempts = 1 } });
    }
}
