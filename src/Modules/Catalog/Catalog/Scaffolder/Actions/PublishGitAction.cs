using System.Text.Json.Nodes;
using Flagstone.Catalog.Repositories;

namespace Flagstone.Catalog.Scaffolder.Actions;

/// <summary>
/// Publishes a folder of the workspace as a new repository that the platform hosts. The commit has the time of the run and nothing of the
/// moment, so that a run that is executed again makes the same commit and finds that it is there.
/// </summary>
internal sealed class PublishGitAction(HostedRepositories repositories, RepositoryUrls urls) : IScaffolderAction
{
    private const string DefaultEmail = "scaffolder@flagstone.invalid";
    private const string DefaultMessage = "Initial commit";

    public string Name => "publish:git";

    public async Task<ActionOutcome> RunAsync(ActionContext context, CancellationToken ct)
    {
        var input = new ActionInput(Name, context.Input);
        var name = Repository(input);
        var branch = Branch(input);
        var files = context.Workspace.Files.Below(input.Folder("sourcePath", "./"));
        var message = input.Text("gitCommitMessage", DefaultMessage);
        var author = new CommitAuthor(input.Text("gitAuthorName", context.Run.Actor), input.Text("gitAuthorEmail", DefaultEmail));
        if (files.Count == 0)
        {
            input.Refuse("there are no files in 'sourcePath'");
        }

        if (input.Refusal is { } refusal)
        {
            return refusal;
        }

        // Once begun it is finished: half a publication has no owner.
        var request = new CommitRequest(branch, new WholeTree(files), WithOrigin(message, context.Run), author, context.Run.CreatedAt);
        var outcome = await Task.Run(() => repositories.Publish(name, request), CancellationToken.None);
        return outcome is Published published
            ? Done(name, branch, published.Commit)
            : new ActionRefused($"Action '{Name}': repository '{name}' is there already, and not from this run. Use another name.");
    }

    // A trailer of Git: where the repository comes from, and what sets the commit apart from that of another run that writes the same
    // files.
    private static string WithOrigin(string message, RunIdentity run) => $"{message.TrimEnd()}\n\nFlagstone-Run: {run.Id}\n";

    private ActionDone Done(RepositoryName name, BranchName branch, CommitId commit) => new(new JsonObject
    {
        ["remoteUrl"] = urls.Remote(name),
        ["repoContentsUrl"] = urls.Contents(name, branch),
        ["commitHash"] = commit.Value,
    });

    private static RepositoryName Repository(ActionInput input)
    {
        var text = input.Text("repository");
        if (!RepositoryName.TryParse(text, out var name))
        {
            input.Refuse($"'repository' is '{text}', which is not 1 to 63 lower case letters, digits and hyphens");
        }

        return name;
    }

    private static BranchName Branch(ActionInput input)
    {
        var text = input.Text("defaultBranch", BranchName.Main.Value);
        if (!BranchName.TryParse(text, out var branch))
        {
            input.Refuse($"'defaultBranch' is '{text}', which is no name of a branch");
        }

        return branch;
    }
}
