using System.Globalization;
using System.Text.RegularExpressions;
using Flagstone.Testing;

namespace Flagstone.Load;

/// <summary>One run of <c>wrk</c>, in which every request succeeded.</summary>
internal sealed record WrkResult(double PerSecond, TimeSpan P50, TimeSpan P99)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{PerSecond,9:N0}/s  p50 {P50.TotalMilliseconds,7:N2} ms  p99 {P99.TotalMilliseconds,7:N2} ms");
}

/// <summary>Debian's <c>wrk</c>, a load generator that others wrote.</summary>
internal static partial class Wrk
{
    public static async Task<WrkResult> RunAsync(string script, string url, int connections, int seconds, IEnumerable<string> arguments, CancellationToken ct)
    {
        var threads = Math.Min(2, connections);
        var result = await Programs.RunAsync("wrk",
            [$"-t{threads}", $"-c{connections}", $"-d{seconds}", "--latency", "-s", script, url, "--", .. arguments], "", new Dictionary<string, string>(), ct);
        var text = result.All;
        // A refused request is fast, and a script that is not there sends GETs: neither is a figure.
        if (!PerSecond().IsMatch(text) || Failures().IsMatch(text) || text.Contains("cannot open", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"wrk gave no figure that counts: {text}");
        }

        return new WrkResult(
            double.Parse(PerSecond().Match(text).Groups[1].Value, CultureInfo.InvariantCulture), Time(P50().Match(text)), Time(P99().Match(text)));
    }

    private static TimeSpan Time(Match match)
    {
        var value = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        return match.Groups[2].Value switch
        {
            "us" => TimeSpan.FromMicroseconds(value),
            "ms" => TimeSpan.FromMilliseconds(value),
            _ => TimeSpan.FromSeconds(value),
        };
    }

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex PerSecond();

    [GeneratedRegex(@"50%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex P50();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex P99();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex Failures();
}
