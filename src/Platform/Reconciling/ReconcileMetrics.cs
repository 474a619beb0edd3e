using System.Diagnostics.Metrics;

namespace Flagstone.Platform.Reconciling;

/// <summary>How often and how long controllers reconcile, for <c>/metrics</c>: names without the resources, whose number has no bound.</summary>
internal static class ReconcileMetrics
{
    private static readonly Meter Meter = new("Flagstone");

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "flagstone.reconcile.duration", "s", "How long a reconcile took, by controller and outcome", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    public static void Record(string controller, bool succeeded, TimeSpan took) => Duration.Record(
        took.TotalSeconds, new KeyValuePair<string, object?>("controller", controller), new KeyValuePair<string, object?>("outcome", succeeded ? "done" : "failed"));
}
