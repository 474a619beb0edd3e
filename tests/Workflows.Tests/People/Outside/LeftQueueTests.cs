using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Activities;
using Temporalio.Converters;
using Temporalio.Worker;

namespace Flagstone.Workflows.Tests.People.Outside;

/// <summary>An installation whose people decide elsewhere.</summary>
public sealed class LeftQueueTests
{
    [Fact]
    public async Task The_queue_of_people_is_as_any_other_where_the_setting_leaves_it()
    {
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken, settings: ["--Flagstone:Workflows:People=false"]);
        var client = await HostFixture.ConnectAsync(host);
        var options = new TemporalWorkerOptions("flagstone-people").AddWorkflow<ApprovalWorkflow>().AddActivity(Decide);
        using var worker = new TemporalWorker(client, options);

        await worker.ExecuteAsync(async () =>
        {
            string[] requests = ["""{ "no": "request" }"""];
            var handle = await client.StartWorkflowAsync((ApprovalWorkflow w) => w.RunAsync(requests, 600_000), new("left", "flagstone-people"));

            Assert.Equal("approve by a program: because", await handle.GetResultAsync());
            await handle.ReplayedAsync();
        }, TestContext.Current.CancellationToken);

        Assert.Empty(await new Inbox(host).ListAsync("state=open"));
    }

    [Activity("approval")]
    private static Decided Decide(IRawValue request) => new("approve", "because", "a program", DateTimeOffset.UnixEpoch);
}
