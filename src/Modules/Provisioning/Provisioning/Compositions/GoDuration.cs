using System.Globalization;
using System.Text.RegularExpressions;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Durations as Go writes them: <c>90s</c>, <c>1h30m</c>, <c>1.5h</c>.</summary>
internal static partial class GoDuration
{
    private static readonly Dictionary<string, double> Milliseconds = new(StringComparer.Ordinal)
    {
        ["ns"] = 1e-6, ["us"] = 1e-3, ["µs"] = 1e-3, ["ms"] = 1, ["s"] = 1000, ["m"] = 60_000, ["h"] = 3_600_000,
    };

    /// <summary>False for what is no duration, or longer than a year: nothing here waits so long.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length is 0 or > 64 || Whole().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var (numbers, units) = (match.Groups["number"].Captures, match.Groups["unit"].Captures);
        var total = numbers.Zip(units, (n, u) => double.Parse(n.Value, CultureInfo.InvariantCulture) * Milliseconds[u.Value]).Sum();
        if (total > TimeSpan.FromDays(366).TotalMilliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds(total);
        return true;
    }

    [GeneratedRegex(@"^(?:(?<number>\d+(?:\.\d+)?)(?<unit>ns|us|µs|ms|s|m|h))+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Whole();
}
