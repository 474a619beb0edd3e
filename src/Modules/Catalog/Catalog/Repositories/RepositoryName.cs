using System.Text.RegularExpressions;

namespace Flagstone.Catalog.Repositories;

/// <summary>The name of a hosted repository: a DNS label, so that it is one folder, one part of a URL and one namespace.</summary>
internal readonly partial record struct RepositoryName
{
    private RepositoryName(string value) => Value = value;

    public string Value { get => field ?? throw new InvalidOperationException("A repository name was never given."); }

    public static bool TryParse(string? text, out RepositoryName name)
    {
        var valid = text is not null && Label().IsMatch(text);
        name = valid ? new RepositoryName(text!) : default;
        return valid;
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\z")]
    private static partial Regex Label();
}
