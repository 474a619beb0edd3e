using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Resources;

namespace Flagstone.Workflows.Namespaces;

/// <summary>How long closed executions are kept, written in hours, minutes and seconds as Go does: <c>72h0m0s</c>. Pure.</summary>
internal static partial class Retention
{
    public static readonly TimeSpan Shortest = TimeSpan.FromHours(1);

    /// <summary>How long a namespace keeps its closed executions.</summary>
    public static TimeSpan Of(JsonObject document) => TryParse(document["spec"].Text("retention"), out var time) ? time : throw new InvalidDataException(
        $"The namespace {document.NameOf()} has no retention that can be read.");

    public static string Text(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}h{time.Minutes}m{time.Seconds}s");

    public static bool TryParse(string text, out TimeSpan time)
    {
        var match = Form().Match(text);
        time = match.Success && text.Length > 0 ? new TimeSpan(Part(match, 1), Part(match, 2), Part(match, 3)) : default;
        return time > TimeSpan.Zero;
    }

    private static int Part(Match match, int group) => match.Groups[group] is { Success: true, Value: var digits } ? int.Parse(digits, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\A(?:(\d{1,7})h)?(?:(\d{1,7})m)?(?:(\d{1,7})s)?\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Form();
}
