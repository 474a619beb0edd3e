using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Flagstone.Testing;

namespace Flagstone.Load;

/// <summary>How long after a create was acknowledged (so after its commit) its event reached a watching client.</summary>
internal static class Watch
{
    private const int Writers = 4;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <returns>The latencies in milliseconds, sorted: each from the moment at which the create was sent (an upper bound) and from its answer.</returns>
    public static async Task<(double[] FromSend, double[] FromAnswer)> LatenciesAsync(RunningHost writer, RunningHost watcher, string token, string path, int seconds, CancellationToken ct)
    {
        var sent = new ConcurrentDictionary<string, (long Sent, long Answered)>(StringComparer.Ordinal);
        var seen = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var prefix = string.Create(CultureInfo.InvariantCulture, $"w-{Stopwatch.GetTimestamp()}-");
        using var watching = watcher.KubernetesClient(token);
        using var head = await watching.GetAsync(new Uri($"{path}?limit=1", UriKind.Relative), ct);
        using var list = System.Text.Json.JsonDocument.Parse(await head.Content.ReadAsStringAsync(ct));
        var version = list.RootElement.GetProperty("metadata").GetProperty("resourceVersion").GetString();
        using var answer = await watching.GetAsync(new Uri($"{path}?watch=true&resourceVersion={version}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, ct);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(ct));
        var reading = Task.Run(async () =>
        {
            while (await reader.ReadLineAsync(ct) is { } line)
            {
                var at = Stopwatch.GetTimestamp();
                var start = line.IndexOf(prefix, StringComparison.Ordinal);
                if (start >= 0)
                {
                    seen.TryAdd(line[start..line.IndexOf('"', start)], at);
                }
            }
        }, ct);

        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async w =>
        {
            using var client = writer.KubernetesClient(token);
            using var pace = new PeriodicTimer(Pace);
            for (var i = 0; Stopwatch.GetElapsedTime(started).TotalSeconds < seconds; i++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}{w}-{i}");
                using var body = new StringContent(BenchClaim.Body(name), Encoding.UTF8, "application/json");
                var before = Stopwatch.GetTimestamp();
                using var created = await client.PostAsync(new Uri(path, UriKind.Relative), body, ct);
                created.EnsureSuccessStatusCode();
                sent[name] = (before, Stopwatch.GetTimestamp());
                await pace.WaitForNextTickAsync(ct);
            }
        }));
        var waiting = Stopwatch.GetTimestamp();
        while (seen.Count < sent.Count)
        {
            if (Stopwatch.GetElapsedTime(waiting) > Patience)
            {
                throw new InvalidOperationException($"The watch showed {seen.Count} of {sent.Count} creates.");
            }

            await Task.Delay(Pace, ct);
        }

        answer.Dispose();
        await reading.ContinueWith(_ => { }, ct, TaskContinuationOptions.None, TaskScheduler.Default);
        return (Sorted(sent.Select(s => (s.Value.Sent, seen[s.Key]))), Sorted(sent.Select(s => (s.Value.Answered, seen[s.Key]))));
    }

    public static double Percentile(double[] sorted, double p) => sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * p))];

    private static double[] Sorted(IEnumerable<(long From, long To)> spans) =>
        [.. spans.Select(s => s.To < s.From ? 0 : Stopwatch.GetElapsedTime(s.From, s.To).TotalMilliseconds).Order()];
}
