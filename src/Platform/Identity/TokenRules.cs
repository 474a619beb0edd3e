using System.Text.RegularExpressions;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Identity;

/// <summary>Which tokens may be asked for.</summary>
internal static partial class TokenRules
{
    public const int DefaultDays = 90;

    /// <summary>A year, and a day for who renews on the anniversary.</summary>
    public const int MaxDays = 366;

    private static readonly string[] Roles = [.. Enum.GetNames<Role>().Select(r => r.ToLowerInvariant())];

    /// <summary>The request, or all that is wrong with it.</summary>
    public static (TokenRequest? Request, IReadOnlyList<ProblemCause> Causes) Read(IssueToken asked)
    {
        var causes = new List<ProblemCause>();
        var (name, role, ns, days) = (asked.Name ?? "", Array.IndexOf(Roles, asked.Role), asked.Namespace ?? "", asked.ExpiresInDays ?? DefaultDays);
        if (!PrincipalName().IsMatch(name))
        {
            causes.Add(new ProblemCause("name", "FieldValueInvalid", $"'{name}' is no name: letters, digits and . _ @ + - are, up to 128, beginning with a letter or digit."));
        }

        if (role < 0)
        {
            causes.Add(new ProblemCause("role", "FieldValueNotSupported", $"'{asked.Role}' is no role. Use one of: {string.Join(", ", Roles)}."));
        }

        if (ns.Length > 0 && NameRules.Check(NameRule.DnsLabel, ns, "namespace") is { } bad)
        {
            causes.Add(bad);
        }

        if (role == (int)Role.Worker && ns.Length == 0)
        {
            causes.Add(new ProblemCause("namespace", "FieldValueRequired", "A worker's token is for one namespace of Temporal's API: name it."));
        }

        if (days is < 1 or > MaxDays)
        {
            causes.Add(new ProblemCause("expiresInDays", "FieldValueInvalid", $"{days} is not from 1 to {MaxDays}."));
        }

        return causes.Count > 0 ? (null, causes) : (new TokenRequest(name, Enum.GetValues<Role>()[role], ns, TimeSpan.FromDays(days)), causes);
    }

    // No colon: names with one are the platform's own.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex PrincipalName();
}
