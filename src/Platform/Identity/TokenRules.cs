using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Identity;

/// <summary>Which tokens may be asked for.</summary>
internal static class TokenRules
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
        if (!PrincipalNames.IsValid(name))
        {
            causes.Add(new ProblemCause("name", "FieldValueInvalid", $"'{name}' is no name: {PrincipalNames.Rule}."));
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
}
