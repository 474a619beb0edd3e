using System.Text.RegularExpressions;
using Flagstone.Platform.Problems;

namespace Flagstone.Platform.Resources;

/// <summary>Which labels and annotation keys are good, in the API server's words (apimachinery, validation).</summary>
public static partial class LabelRules
{
    private const int MaxPart = 63;
    private const int MaxPrefix = 253;

    private const string NamePart = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    private const string ValueForm = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    /// <summary>What is wrong with a label's key and value.</summary>
    public static IEnumerable<ProblemCause> CheckLabel(string field, string key, string value)
    {
        if (WhyNotKey(key) is { } badKey)
        {
            yield return Invalid(field, key, badKey);
        }

        if (WhyNotValue(value) is { } badValue)
        {
            yield return Invalid(field, value, badValue);
        }
    }

    /// <summary>What is wrong with an annotation's key; null when nothing is. Its case does not matter.</summary>
    public static ProblemCause? CheckAnnotation(string field, string key) =>
        WhyNotKey(key.ToLowerInvariant()) is { } bad ? Invalid(field, key, bad) : null;

    /// <summary>Why it is no key: an optional DNS subdomain and a slash, then a name; null when it is one.</summary>
    public static string? WhyNotKey(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        var name = key[(slash + 1)..];
        if (slash == 0 || (slash > 0 && (slash > MaxPrefix || NameRules.Check(NameRule.DnsSubdomain, key[..slash]) is not null)))
        {
            return "prefix part must be a lowercase RFC 1123 subdomain of at most 253 characters (e.g. 'example.com')";
        }

        return name.Length switch
        {
            0 => "name part must be non-empty",
            > MaxPart => $"name part must be no more than {MaxPart} characters",
            _ => Part().IsMatch(name) ? null : NamePart,
        };
    }

    /// <summary>Why it is no label value; null when it is one.</summary>
    public static string? WhyNotValue(string value) =>
        value.Length > MaxPart ? $"must be no more than {MaxPart} characters" : value.Length == 0 || Part().IsMatch(value) ? null : ValueForm;

    private static ProblemCause Invalid(string field, string value, string why) => new(field, "FieldValueInvalid", $"Invalid value: \"{value}\": {why}");

    [GeneratedRegex(@"\A([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Part();
}
