using System.Text.RegularExpressions;

namespace Flagstone.Provisioning.Compositions;

/// <summary>What Go's regexp says of a pattern that it cannot read: people look its words up.</summary>
internal static class GoRegexp
{
    public static string Describe(RegexParseException error, string pattern) => error.Error switch
    {
        RegexParseError.InsufficientClosingParentheses => $"missing closing ): `{pattern}`",
        RegexParseError.InsufficientOpeningParentheses => $"unexpected ): `{pattern}`",
        RegexParseError.UnterminatedBracket => $"missing closing ]: `{pattern[Math.Max(0, pattern.LastIndexOf('[', pattern.Length - 1))..]}`",
        RegexParseError.QuantifierAfterNothing => $"missing argument to repetition operator: `{(error.Offset > 0 && error.Offset <= pattern.Length ? pattern[error.Offset - 1] : pattern[0])}`",
        RegexParseError.UnescapedEndingBackslash => "trailing backslash at end of expression: ``",
        _ => error.Message,
    };
}
