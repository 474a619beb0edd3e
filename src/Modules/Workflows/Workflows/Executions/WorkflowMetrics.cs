using System.Diagnostics.Metrics;
using Flagstone.Workflows.Frontend;
using Flagstone.Workflows.Nexus;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>What the executions of this process do, as metrics.</summary>
internal sealed class WorkflowMetrics
{
    private readonly Counter<long> events;
    private readonly Counter<long> asked;
    private readonly Histogram<double> wait;

    public WorkflowMetrics(IMeterFactory meters, ParkedPolls polls)
    {
        var meter = meters.Create("Flagstone");
        events = meter.CreateCounter<long>("flagstone.workflow.events", "{event}", "Events added to histories, by type: runs started and ended, activities completed and failed, and so on.");
        asked = meter.CreateCounter<long>("flagstone.workflow.nexus.requests", "{request}", "Requests to handlers of Nexus operations, by kind and by what came of them.");
        wait = meter.CreateHistogram<double>("flagstone.workflow.task.wait", "s", "How long tasks waited for a worker, by kind.");
        meter.CreateObservableGauge("flagstone.workflow.polls", () => polls.Count, "{poll}", "Polls of workers that wait for a task.");
    }

    /// <summary>Counts events that are stored.</summary>
    public void Added(IEnumerable<HistoryEvent> added)
    {
        foreach (var of in added.GroupBy(e => e.EventType))
        {
            events.Add(of.Count(), new KeyValuePair<string, object?>("type", of.Key.ToString()));
        }
    }

    /// <summary>Counts a request to a handler of Nexus.</summary>
    public void Asked(bool isCancellation, NexusReply reply) => asked.Add(
        1,
        new KeyValuePair<string, object?>("kind", isCancellation ? "cancel" : "start"),
        new KeyValuePair<string, object?>("outcome", reply is NexusReply.Rejected { IsRetryable: true } ? "Retried" : reply.GetType().Name));

    /// <param name="kind"><c>workflow</c> or <c>activity</c>.</param>
    public void Started(string kind, TimeSpan waited) => wait.Record(waited > TimeSpan.Zero ? waited.TotalSeconds : 0, new KeyValuePair<string, object?>("kind", kind));
}
