using System.Text.RegularExpressions;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's functions of regular expressions.</summary>
internal static class RegexFunctions
{
    private const string Special = @"\.+*?()|[]{}^$";

    public static FunctionTable Table { get; } = new FunctionTable
    {
        { "regexMatch", "string string", c => GoRegex.Run(() => Of(c, 1).IsMatch(c.Text(1))) },
        { "regexFind", "string string", c => GoRegex.Run(() => Of(c, 1).Match(c.Text(1)).Value) },
        { "regexFindAll", "string string int", c => GoRegex.Run(() => Casts.List(Matches(c).Select(m => m.Value))) },
        { "regexReplaceAll", "string string string", c => Replaced(c, m => GoRegex.Expand(m, c.Text(2), c.Budget)) },
        { "regexReplaceAllLiteral", "string string string", c => Replaced(c, _ => c.Text(2)) },
        { "regexSplit", "string string int", c => GoRegex.Run(() => Casts.List(Split(c))) },
        { "regexQuoteMeta", "string", c => string.Concat(c.Text(0).Select(x => Special.Contains(x, StringComparison.Ordinal) ? $"\\{x}" : x.ToString())) },
    }.Also(
        ("mustRegexMatch", "regexMatch"), ("mustRegexFind", "regexFind"), ("mustRegexFindAll", "regexFindAll"), ("mustRegexReplaceAll", "regexReplaceAll"),
        ("mustRegexReplaceAllLiteral", "regexReplaceAllLiteral"), ("mustRegexSplit", "regexSplit"));

    private static Regex Of(Call call, int text) => GoRegex.Of(call.Text(0), call.Text(text), call.Budget);

    /// <summary>As many as the last argument says; all of them when it is negative.</summary>
    private static IEnumerable<Match> Matches(Call call)
    {
        var most = call.Integer(2) < 0 ? Budget.MaxItems : Math.Min(call.Integer(2), Budget.MaxItems);
        return Of(call, 1).Matches(call.Text(1)).Take(most);
    }

    private static string Replaced(Call call, Func<Match, string> by) => GoRegex.Run(() =>
    {
        var length = (long)call.Text(1).Length;
        return Of(call, 1).Replace(call.Text(1), match =>
        {
            var text = by(match);
            length += text.Length;
            call.Budget.Text(length);
            return text;
        });
    });

    private static List<string> Split(Call call)
    {
        var (text, most) = (call.Text(1), call.Integer(2));
        var parts = new List<string>();
        var start = 0;
        foreach (Match match in Of(call, 1).Matches(text))
        {
            if (most == 0 || (most > 0 && parts.Count == most - 1) || parts.Count == Budget.MaxItems)
            {
                break;
            }

            if (match.Length > 0 || (match.Index > 0 && match.Index < text.Length))
            {
                parts.Add(text[start..match.Index]);
                start = match.Index + match.Length;
            }
        }

        return most == 0 ? [] : [.. parts, text[start..]];
    }
}
