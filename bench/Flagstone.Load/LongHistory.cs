using System.Diagnostics;
using System.Globalization;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace Flagstone.Load;

/// <summary>Whether a run slows down as its history grows, and how soon a worker that waits has a task.</summary>
internal static class LongHistory
{
    private const int EventsPerActivity = 6;

    /// <summary>A run of so many events: the rate of its first and of its last tenth, by the times in its history.</summary>
    /// <param name="queue">One that a worker of <see cref="LongWorkflow"/> polls.</param>
    public static async Task GrowAsync(TemporalClient client, string queue, int events, Report report)
    {
        var options = new WorkflowOptions($"long-{Guid.NewGuid():N}", queue);
        var handle = await client.StartWorkflowAsync((LongWorkflow w) => w.RunAsync(events / EventsPerActivity), options);
        await handle.GetResultAsync();
        var started = Stopwatch.GetTimestamp();
        var history = (await handle.FetchHistoryAsync()).Events.ToList();
        var fetched = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var tenth = history.Count / 10;
        var (first, last) = (Rate([.. history.Take(tenth)]), Rate([.. history.TakeLast(tenth)]));
        report.Line(
            $"a history of {history.Count:N0} events",
            $"{first,9:N0} events/s in its first tenth, {last:N0} in its last (x{last / first:N2}); all of it read in {fetched:N0} ms");
    }

    /// <summary>From the start of a workflow to the answer of a poll that waits, and to the answer of the start itself.</summary>
    public static async Task DispatchAsync(TemporalClient client, int count, Report report)
    {
        var (dispatched, answered) = (new List<double>(), new List<double>());
        var queue = $"dispatch-{Guid.NewGuid():N}";
        for (var i = 0; i < count; i++)
        {
            var request = new PollWorkflowTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = queue }, Identity = "bench" };
            var poll = client.WorkflowService.PollWorkflowTaskQueueAsync(request);
            // It waits when the server counts it as a poller; the next poll of a known one is quicker than the start's commit.
            if (i == 0)
            {
                await WaitsAsync(client, queue);
            }

            var started = Stopwatch.GetTimestamp();
            var options = new WorkflowOptions(string.Create(CultureInfo.InvariantCulture, $"dispatch-{queue}-{i}"), queue);
            var start = client.StartWorkflowAsync("Nothing", [], options);
            await Task.WhenAll(Timed(poll, dispatched, started), Timed(start, answered, started));
            await client.GetWorkflowHandle((await start).Id).TerminateAsync("measured");
        }

        double[] tasks = [.. dispatched.Order()];
        var (p50, p99) = (Watch.Percentile(tasks, 0.5), Watch.Percentile(tasks, 0.99));
        report.Line(
            "a start until a poll that waits has its task",
            $"p50 {p50:N1} ms, p99 {p99:N1} ms; the start itself is answered in p50 {Watch.Percentile([.. answered.Order()], 0.5):N1} ms");
    }

    private static async Task WaitsAsync(TemporalClient client, string queue)
    {
        var request = new DescribeTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = queue }, TaskQueueType = TaskQueueType.Workflow };
        while ((await client.WorkflowService.DescribeTaskQueueAsync(request)).Pollers.Count == 0)
        {
            await Task.Yield();
        }
    }

    private static async Task Timed<T>(Task<T> task, List<double> times, long started)
    {
        await task;
        var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        lock (times)
        {
            times.Add(took);
        }
    }

    private static double Rate(IReadOnlyList<HistoryEvent> events) =>
        events.Count / (events[^1].EventTime.ToDateTime() - events[0].EventTime.ToDateTime()).TotalSeconds;
}
