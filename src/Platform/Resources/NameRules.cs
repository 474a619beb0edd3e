using System.Text.RegularExpressions;
using Flagstone.Platform.Problems;

namespace Flagstone.Platform.Resources;

/// <summary>Which names are good, in the API server's words.</summary>
public static partial class NameRules
{
    private const int MaxSubdomain = 253;
    private const int MaxLabel = 63;

    /// <summary>Null when the name fits the kind's rule; else the cause.</summary>
    public static ProblemCause? Check(NameRule rule, string name, string field = "metadata.name")
    {
        if (name.Length == 0)
        {
            return new ProblemCause(field, "FieldValueRequired", "Required value: name or generateName is required");
        }

        var (max, good, why) = rule switch
        {
            NameRule.DnsLabel => (MaxLabel, DnsLabel().IsMatch(name),
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name', or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"),
            NameRule.Backstage => (MaxLabel, Backstage().IsMatch(name),
                "a name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"),
            NameRule.PathSegment => (MaxSubdomain, name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '%') < 0,
                "a name must not be '.' or '..', nor contain '/' or '%'"),
            _ => (MaxSubdomain, DnsSubdomain().IsMatch(name),
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"),
        };
        if (name.Length > max)
        {
            why = $"must be no more than {max} characters";
            good = false;
        }

        return good ? null : new ProblemCause(field, "FieldValueInvalid", $"Invalid value: \"{name}\": {why}");
    }

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex DnsLabel();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex DnsSubdomain();

    [GeneratedRegex(@"\A[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Backstage();
}
