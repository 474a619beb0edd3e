using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests;

/// <summary>What an operator sees of queues and histories.</summary>
public sealed class TaskQueueTests(HostFixture fixture)
{
    [Fact]
    public async Task A_queue_shows_what_waits_in_it_and_then_who_polls_it()
    {
        var client = await fixture.ConnectAsync();
        var queue = $"queue-{Guid.NewGuid():N}";
        var handles = new List<WorkflowHandle<HelloWorkflow, string>>();
        for (var i = 0; i < 3; i++)
        {
            handles.Add(await client.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), new WorkflowOptions($"wf-{Guid.NewGuid():N}", queue)));
        }

        var waiting = await DescribeAsync(client, queue);
        Assert.Empty(waiting.Pollers);
        Assert.Equal(3, waiting.Stats.ApproximateBacklogCount);
        Assert.True(waiting.Stats.ApproximateBacklogAge.ToTimeSpan() > TimeSpan.Zero);

        await using var worker = RunningWorker.Start(client, queue);
        await Task.WhenAll(handles.Select(h => h.GetResultAsync()));
        var done = await DescribeAsync(client, queue);
        Assert.Equal(client.Connection.Options.Identity, Assert.Single(done.Pollers).Identity);
        Assert.Equal((0, TimeSpan.Zero), (done.Stats.ApproximateBacklogCount, done.Stats.ApproximateBacklogAge.ToTimeSpan()));
        var partitions = await client.WorkflowService.ListTaskQueuePartitionsAsync(new ListTaskQueuePartitionsRequest { Namespace = "default", TaskQueue = new() { Name = queue } });
        Assert.Equal(queue, Assert.Single(partitions.WorkflowTaskQueuePartitions).Key);
    }

    [Fact]
    public async Task A_history_is_read_from_its_end_page_by_page()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), worker.Options());
        await handle.GetResultAsync();

        var (ids, token) = (new List<long>(), ByteString.Empty);
        do
        {
            var page = await worker.Client.WorkflowService.GetWorkflowExecutionHistoryReverseAsync(new GetWorkflowExecutionHistoryReverseRequest
            {
                Namespace = "default", Execution = new() { WorkflowId = handle.Id }, MaximumPageSize = 4, NextPageToken = token,
            });
            ids.AddRange(page.History.Events.Select(e => e.EventId));
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.Equal((await handle.FetchHistoryAsync()).Events.Select(e => e.EventId).Reverse(), ids);
    }

    private static Task<DescribeTaskQueueResponse> DescribeAsync(TemporalClient client, string queue) => client.WorkflowService.DescribeTaskQueueAsync(
        new DescribeTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = queue }, TaskQueueType = TaskQueueType.Workflow });
}
