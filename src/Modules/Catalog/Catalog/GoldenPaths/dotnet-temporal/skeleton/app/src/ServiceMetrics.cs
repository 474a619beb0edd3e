using System.Diagnostics.Metrics;

namespace Service;

/// <summary>What the service measures of itself. Dashboard and alerts read it by these names.</summary>
public sealed class ServiceMetrics : IDisposable
{
    public const string Name = "Service";

    private readonly Meter meter;
    private readonly Counter<long> requests;
    private readonly Histogram<double> duration;
    private readonly Counter<long> workflowsStarted;
    private readonly Counter<long> workflowsClosed;
    private readonly Counter<long> activityAttempts;

    public ServiceMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        meter = meters.Create(Name);
        // The exporter ends the names of counters with _total, and those of seconds with _seconds.
        requests = meter.CreateCounter<long>("http_requests", description: "HTTP requests answered.");
        duration = meter.CreateHistogram("http_request_duration", "s", "Time from a request to the end of its answer.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });
        workflowsStarted = meter.CreateCounter<long>("workflows_started", description: "Workflows that began at this worker.");
        workflowsClosed = meter.CreateCounter<long>("workflows_closed", description: "Workflows that ended at this worker, by how.");
        activityAttempts = meter.CreateCounter<long>("activity_attempts", description: "Attempts of activities at this worker, by how they ended.");
    }

    public void Answered(string method, string route, int status, double seconds)
    {
        KeyValuePair<string, object?>[] labels = [new("method", method), new("route", route), new("status", status)];
        requests.Add(1, labels);
        duration.Record(seconds, labels);
    }

    public void WorkflowStarted(string workflow) => workflowsStarted.Add(1, new KeyValuePair<string, object?>("workflow", workflow));

    public void WorkflowClosed(string workflow, string outcome) =>
        workflowsClosed.Add(1, new("workflow", workflow), new KeyValuePair<string, object?>("outcome", outcome));

    public void ActivityAttempted(string activity, string outcome) =>
        activityAttempts.Add(1, new("activity", activity), new KeyValuePair<string, object?>("outcome", outcome));

    public void Dispose() => meter.Dispose();
}
