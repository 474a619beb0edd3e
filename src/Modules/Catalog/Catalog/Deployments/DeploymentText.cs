using System.Text.RegularExpressions;
using Flagstone.Catalog.Repositories;

namespace Flagstone.Catalog.Deployments;

/// <summary>
/// The two lines of a Deployment's manifest that say what runs. They are changed as text, so that comments, order and style of the file stay
/// its owner's.
/// </summary>
internal static partial class DeploymentText
{
    private const string HeldBack = "flagstone.dev/rolled-back-from";

    /// <summary>What a manifest deploys of a repository, or null when it deploys nothing of it.</summary>
    public static Deployed? Read(string text, RepositoryName repository)
    {
        foreach (Match match in Source().Matches(text))
        {
            if (match.Groups["repository"].Value == repository.Value && CommitId.TryParse(match.Groups["commit"].Value, out var commit))
            {
                return new Deployed(commit, CommitId.TryParse(Held().Match(text).Groups["commit"].Value, out var held) ? held : null);
            }
        }

        return null;
    }

    /// <summary>
    /// The manifest with another commit in the annotation and as the image's tag. A rollback also writes down the commit that it turned away
    /// from, so that the next look at the branch does not deploy that one again; a later commit does away with the note.
    /// </summary>
    public static string Move(string text, RepositoryName repository, CommitId from, CommitId to, CommitId? rolledBackFrom)
    {
        var moved = Held().Replace(text, "")
            .Replace($"{repository}@{from}", $"{repository}@{to}", StringComparison.Ordinal)
            .Replace($"/{repository}:{from}", $"/{repository}:{to}", StringComparison.Ordinal);
        return rolledBackFrom is { } held
            ? Source().Replace(moved, match => $"{match.Value}\n{match.Groups["indent"].Value}{HeldBack}: \"{held}\"", 1)
            : moved;
    }

    /// <summary>True when the manifest is of the development environment.</summary>
    public static bool IsDevelopment(string text) => Development().IsMatch(text);

    [GeneratedRegex("""^[ \t]*flagstone\.dev/environment:[ \t]*["']?dev["']?[ \t]*$""", RegexOptions.Multiline)]
    private static partial Regex Development();

    [GeneratedRegex("""^(?<indent>[ \t]*)flagstone\.dev/source:[ \t]*["']?(?<repository>[-a-z0-9]+)@(?<commit>[0-9a-f]{40})["']?[ \t]*$""", RegexOptions.Multiline)]
    private static partial Regex Source();

    [GeneratedRegex("""^[ \t]*flagstone\.dev/rolled-back-from:[ \t]*["']?(?<commit>[0-9a-f]{40})["']?[ \t]*\n""", RegexOptions.Multiline)]
    private static partial Regex Held();
}

/// <param name="HeldBack">The commit that a rollback turned away from, or null.</param>
internal sealed record Deployed(CommitId Commit, CommitId? HeldBack);
