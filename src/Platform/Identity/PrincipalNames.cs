using System.Text.RegularExpressions;

namespace Flagstone.Platform.Identity;

/// <summary>Names that tokens may be issued for.</summary>
public static partial class PrincipalNames
{
    public const string Rule = "letters, digits and . _ @ + - are, up to 128, beginning with a letter or digit";

    public static bool IsValid(string name) => Pattern().IsMatch(name);

    // No colon: names with one are the platform's own.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Pattern();
}
