using Flagstone.Catalog.Files;
using LibGit2Sharp;

namespace Flagstone.Catalog.Repositories;

/// <summary>
/// Reads the files of a commit into memory, within limits. What is pushed is not trusted: sizes are asked for before bytes.
/// </summary>
internal sealed class TreeReader(Repository repository, FileLimits limits)
{
    private readonly List<KeyValuePair<RelativePath, FileContent>> files = [];
    private int entries;
    private long total;

    public FileReading Read(Commit commit, FolderPath below)
    {
        var root = below.Value.Length == 0 ? commit.Tree : commit[below.Value]?.Target as Tree;
        if (root is null)
        {
            return new FilesRefused(new FileRefusal(below.ToString(), "the commit has no such folder"));
        }

        var refusal = ReadFolder(root, "");
        if (refusal is null && FileSet.TryCreate(files, limits, out var set, out refusal))
        {
            return new FilesRead(set);
        }

        return new FilesRefused(refusal!);
    }

    public static FileContent? ReadFile(Repository repository, Commit commit, RelativePath path, int maxBytes)
    {
        if (SizeOf(repository, commit, path) is not { } size || size > maxBytes)
        {
            return null;
        }

        var entry = commit[path.Value];
        return new FileContent(ReadBytes((Blob)entry.Target), entry.Mode == Mode.ExecutableFile);
    }

    /// <summary>Null where the commit has no plain file of that name.</summary>
    public static long? SizeOf(Repository repository, Commit? commit, RelativePath path) =>
        commit?[path.Value] is { TargetType: TreeEntryTargetType.Blob } entry && entry.Mode != Mode.SymbolicLink
            ? repository.ObjectDatabase.RetrieveObjectMetadata(entry.Target.Id).Size
            : null;

    private FileRefusal? ReadFolder(Tree folder, string prefix)
    {
        foreach (var entry in folder)
        {
            var name = prefix + entry.Name;

            // Folders count too: a few objects can stand for a tree without end.
            if (++entries > 2 * limits.Files)
            {
                return new FileRefusal(name, $"there are more than {limits.Files} files");
            }

            if ((RelativePath.TryParse(name, out var path, out var reason) ? RefuseKind(entry) : reason) is { } refused)
            {
                return new FileRefusal(name, refused);
            }

            if ((entry.Target is Tree inner ? ReadFolder(inner, name + "/") : Take(path, entry)) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    private static string? RefuseKind(TreeEntry entry) => entry switch
    {
        { TargetType: TreeEntryTargetType.GitLink } => "it is a submodule",
        { Mode: Mode.SymbolicLink } => "it is a symbolic link",
        _ => null,
    };

    private FileRefusal? Take(RelativePath path, TreeEntry entry)
    {
        var size = repository.ObjectDatabase.RetrieveObjectMetadata(entry.Target.Id).Size;
        total += size;
        if (size > limits.FileBytes || total > limits.TotalBytes)
        {
            return new FileRefusal(path.Value, $"files may have {limits.FileBytes} bytes each and {limits.TotalBytes} together");
        }

        files.Add(KeyValuePair.Create(path, new FileContent(ReadBytes((Blob)entry.Target), entry.Mode == Mode.ExecutableFile)));
        return null;
    }

    private static byte[] ReadBytes(Blob blob)
    {
        using var content = blob.GetContentStream();
        using var bytes = new MemoryStream();
        content.CopyTo(bytes);
        return bytes.ToArray();
    }
}
