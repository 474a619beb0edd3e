using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed.Calls;

namespace Flagstone.Provisioning.Managed.Health;

/// <summary>The latest problem of a provider.</summary>
/// <param name="Since">When the row of failures began that it ends; the same as <paramref name="At"/> when it is the only one.</param>
/// <param name="Answered">True when the provider has answered since.</param>
internal sealed record ProviderProblem(string Text, string Verb, ResourceKey Resource, DateTimeOffset At, DateTimeOffset Since, bool Answered);

/// <summary>What one provider's calls came to lately. Bounded by time and by count; safe for all threads.</summary>
internal sealed class ProviderWindow(string provider, ProviderBulkhead bulkhead, TimeProvider clock)
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(5);

    /// <summary>A busy provider's window is shorter than its length, and costs no more.</summary>
    private const int MaxSamples = 4096;
    private const int MaxProblem = 500;

    private readonly Lock gate = new();
    private readonly Queue<Sample> samples = new();
    private readonly Queue<DateTimeOffset> putOff = new();
    private readonly HashSet<ProviderCall> underWay = [];
    private int inRow;
    private ProviderProblem? problem;
    private HealthState state;
    private DateTimeOffset stateSince = clock.GetUtcNow();

    public string Provider => provider;

    public ProviderBulkhead Bulkhead => bulkhead;

    public int UnderWay
    {
        get
        {
            lock (gate)
            {
                return underWay.Count;
            }
        }
    }

    public void Begin(ProviderCall call)
    {
        lock (gate)
        {
            underWay.Add(call);
        }
    }

    public TimeSpan End(ProviderCall call, Judged judged)
    {
        lock (gate)
        {
            underWay.Remove(call);
            var (now, took) = (clock.GetUtcNow(), clock.GetElapsedTime(call.Started));
            samples.Enqueue(new Sample(now, took, judged.Result));
            Trim(samples, s => s.At, now);
            if (judged.Result is CallResult.Failed or CallResult.Unknown)
            {
                var text = judged.Problem.Length switch
                {
                    0 => "no reason was given",
                    > MaxProblem => judged.Problem[..MaxProblem] + "...",
                    _ => judged.Problem,
                };
                problem = new ProviderProblem(text, call.Verb, call.Resource, now, inRow > 0 ? problem!.Since : now, Answered: false);
                inRow++;
            }
            else
            {
                problem = problem is null ? null : problem with { Answered = true };
                inRow = 0;
            }

            return took;
        }
    }

    public void PutOff()
    {
        lock (gate)
        {
            putOff.Enqueue(clock.GetUtcNow());
            Trim(putOff, at => at, clock.GetUtcNow());
        }
    }

    public ProviderReport Read()
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            Trim(samples, s => s.At, now);
            Trim(putOff, at => at, now);
            var ages = underWay.Select(c => clock.GetElapsedTime(c.Started)).ToList();
            var times = samples.Select(s => s.Took).Order().ToList();
            var figures = new ProviderFigures(
                samples.Count, samples.Count(s => s.Result == CallResult.Failed), samples.Count(s => s.Result == CallResult.Unknown), putOff.Count, inRow,
                Quantile(times, 0.95), ages.Count == 0 ? TimeSpan.Zero : ages.Max(), ages.Count(a => a > ProviderHealthRules.Slow), bulkhead.Options.Parallelism, problem?.Text ?? "");
            var (next, reason) = ProviderHealthRules.Judge(figures);
            if (next != state)
            {
                (state, stateSince) = (next, now);
            }

            return new ProviderReport(
                provider, state, reason, stateSince, figures, samples.Count(s => s.Result == CallResult.Refused), Quantile(times, 0.5), Quantile(times, 1),
                underWay.Count, bulkhead.Taken, bulkhead.Queued, bulkhead.Options, problem);
        }
    }

    private static TimeSpan Quantile(List<TimeSpan> sorted, double share) =>
        sorted.Count == 0 ? TimeSpan.Zero : sorted[(int)Math.Ceiling(share * sorted.Count) - 1];

    private static void Trim<T>(Queue<T> queue, Func<T, DateTimeOffset> at, DateTimeOffset now)
    {
        while (queue.Count > MaxSamples || (queue.TryPeek(out var oldest) && at(oldest) < now - Length))
        {
            queue.Dequeue();
        }
    }

    private readonly record struct Sample(DateTimeOffset At, TimeSpan Took, CallResult Result);
}

/// <summary>A call under way.</summary>
internal sealed class ProviderCall(string provider, string verb, ResourceKey resource, long started)
{
    public string Provider => provider;

    public string Verb => verb;

    public ResourceKey Resource => resource;

    public long Started => started;
}

/// <summary>What is known of a provider now, in this process.</summary>
/// <param name="Refused">Calls of the window that the provider refused for a fault of the resource.</param>
internal sealed record ProviderReport(
    string Provider, HealthState State, string Reason, DateTimeOffset Since, ProviderFigures Figures, int Refused, TimeSpan Median, TimeSpan Longest,
    int UnderWay, int Taken, int Queued, BulkheadOptions Bulkhead, ProviderProblem? Problem);
