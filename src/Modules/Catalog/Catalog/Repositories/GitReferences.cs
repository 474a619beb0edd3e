using System.Diagnostics;

namespace Flagstone.Catalog.Repositories;

/// <summary>
/// Moves branches by <c>git update-ref</c>, which compares and sets under the lock that a push takes too. LibGit2Sharp has no such call.
/// </summary>
internal static class GitReferences
{
    private const string Nothing = "0000000000000000000000000000000000000000";

    /// <summary>False where the branch does not stand where it was expected. Other failures are exceptions.</summary>
    public static bool TryMove(
        RepositoryFolder folder, RepositoryName name, BranchName branch, CommitId? from, CommitId to, Func<CommitId?> current)
    {
        var start = GitEnvironment.Start(
            folder.EmptyHome,
            "--git-dir", folder.PathOf(name),
            "update-ref", "-m", "commit by the platform", branch.Reference, to.Value, from?.Value ?? Nothing);

        // For the reference's log. Git would otherwise make a name up from the machine's, or find none in a container.
        start.Environment["GIT_COMMITTER_NAME"] = "flagstone";
        start.Environment["GIT_COMMITTER_EMAIL"] = "platform@flagstone.invalid";
        using var git = Process.Start(start) ?? throw new InvalidOperationException("git could not be started");
        git.StandardInput.Close();
        var error = git.StandardError.ReadToEnd();
        git.WaitForExit();
        if (git.ExitCode == 0)
        {
            return true;
        }

        return current() == from
            ? throw new IOException($"Branch '{branch}' of repository '{name}' could not be moved to {to}: {error.Trim()}")
            : false;
    }
}
