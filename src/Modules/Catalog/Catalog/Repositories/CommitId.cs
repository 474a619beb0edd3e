using System.Text.RegularExpressions;

namespace Flagstone.Catalog.Repositories;

/// <summary>The whole SHA-1 of a commit, in lower case. Abbreviations are refused: they may mean another commit tomorrow.</summary>
internal readonly partial record struct CommitId
{
    private CommitId(string value) => Value = value;

    public string Value { get => field ?? throw new InvalidOperationException("A commit was never given."); }

    public static bool TryParse(string? text, out CommitId id)
    {
        var valid = text is not null && Sha1().IsMatch(text);
        id = valid ? new CommitId(text!) : default;
        return valid;
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[0-9a-f]{40}\z")]
    private static partial Regex Sha1();
}
