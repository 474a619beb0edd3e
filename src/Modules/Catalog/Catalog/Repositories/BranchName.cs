using System.Text.RegularExpressions;

namespace Flagstone.Catalog.Repositories;

/// <summary>The name of a branch: a safe part of what git-check-ref-format allows.</summary>
internal readonly partial record struct BranchName
{
    private BranchName(string value) => Value = value;

    public static BranchName Main { get; } = new("main");

    public string Value { get => field ?? throw new InvalidOperationException("A branch name was never given."); }

    /// <summary>As Git stores it.</summary>
    public string Reference => $"refs/heads/{Value}";

    public static bool TryParse(string? text, out BranchName branch)
    {
        var valid = text is { Length: <= 200 } && Segments().IsMatch(text)
            && !text.Contains("..", StringComparison.Ordinal)
            && !text.Split('/').Any(segment => segment.EndsWith('.') || segment.EndsWith(".lock", StringComparison.Ordinal));
        branch = valid ? new BranchName(text!) : default;
        return valid;
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[A-Za-z0-9_][-A-Za-z0-9_.]*(/[A-Za-z0-9_][-A-Za-z0-9_.]*)*\z")]
    private static partial Regex Segments();
}
