using Flagstone.Catalog.Files;
using LibGit2Sharp;

namespace Flagstone.Catalog.Repositories;

/// <summary>Writes the trees and commits of requests. Writing an object that is there changes nothing.</summary>
internal static class CommitTrees
{
    public static Commit Write(Repository repository, Commit? parent, Tree tree, CommitRequest request)
    {
        var author = new Signature(request.Author.Name, request.Author.Email, request.When.ToUniversalTime());
        return repository.ObjectDatabase.CreateCommit(
            author, author, request.Message, tree, parent is null ? [] : [parent], prettifyMessage: false);
    }

    public static Tree Write(Repository repository, Commit? parent, CommitContent content)
    {
        var definition = content is Changes && parent is not null ? TreeDefinition.From(parent) : new TreeDefinition();
        var (written, removed) = content switch
        {
            WholeTree whole => (whole.Files, []),
            Changes changes => (changes.Written, changes.Removed),
            _ => throw new System.Diagnostics.UnreachableException(content.GetType().Name),
        };
        foreach (var path in removed)
        {
            definition.Remove(path.Value);
        }

        foreach (var (path, file) in written)
        {
            definition.Add(path.Value, Write(repository, file), file.Executable ? Mode.ExecutableFile : Mode.NonExecutableFile);
        }

        return repository.ObjectDatabase.CreateTree(definition);
    }

    private static Blob Write(Repository repository, FileContent file)
    {
        using var bytes = new MemoryStream(file.Bytes.ToArray(), writable: false);
        return repository.ObjectDatabase.CreateBlob(bytes);
    }
}
