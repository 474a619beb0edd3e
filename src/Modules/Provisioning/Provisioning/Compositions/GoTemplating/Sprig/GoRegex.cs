using System.Text;
using System.Text.RegularExpressions;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Go's regular expressions by .NET's engine without backtracking, which like Go's takes linear time.</summary>
internal static class GoRegex
{
    private const int MaxPatternLength = 1000;
    private const int CharactersPerStep = 16;

    // To build the automaton takes far longer than a step of a template.
    private const int StepsPerPattern = 200;
    private const int StepsPerPatternCharacter = 10;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Charges for the search as well: it looks at each character of the text.</summary>
    public static Regex Of(string pattern, string text, Budget budget)
    {
        budget.Spend((text.Length / CharactersPerStep) + StepsPerPattern + (pattern.Length * StepsPerPatternCharacter));
        if (pattern.Length > MaxPatternLength)
        {
            throw new CallFailure($"error parsing regexp: expression is longer than {MaxPatternLength} characters");
        }

        try
        {
            return new Regex(Translate(pattern), RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Limit);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new CallFailure($"error parsing regexp: {e.Message}: `{pattern}`");
        }
    }

    public static T Run<T>(Func<T> search)
    {
        try
        {
            return search();
        }
        catch (RegexMatchTimeoutException)
        {
            throw new CallFailure($"the regular expression takes longer than {Limit.TotalSeconds} s");
        }
    }

    /// <summary>Go's <c>Expand</c>: <c>$1</c>, <c>${name}</c>, <c>$$</c>; a group that is not there is empty.</summary>
    public static string Expand(Match match, string template, Budget budget)
    {
        var text = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '$' || i + 1 == template.Length)
            {
                text.Append(template[i]);
                continue;
            }

            var braced = template[i + 1] == '{';
            var start = i + (braced ? 2 : 1);
            var end = start;
            while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_'))
            {
                end++;
            }

            if (end == start || (braced && (end == template.Length || template[end] != '}')))
            {
                text.Append('$');
                i += template[i + 1] == '$' ? 1 : 0;
                continue;
            }

            text.Append(match.Groups[template[start..end]].Value);
            i = braced ? end : end - 1;
            budget.Text(text.Length);
        }

        return text.ToString();
    }

    /// <summary>Names of groups and classes of characters are written otherwise there.</summary>
    private static string Translate(string pattern) => new StringBuilder(pattern)
        .Replace("(?P<", "(?<")
        .Replace("[:alnum:]", "0-9A-Za-z").Replace("[:alpha:]", "A-Za-z").Replace("[:digit:]", "0-9").Replace("[:lower:]", "a-z").Replace("[:upper:]", "A-Z")
        .Replace("[:space:]", @"\t\n\v\f\r ").Replace("[:word:]", "0-9A-Za-z_").Replace("[:xdigit:]", "0-9A-Fa-f").Replace("[:punct:]", @"!-/:-@\[-`{-~")
        .ToString();
}
