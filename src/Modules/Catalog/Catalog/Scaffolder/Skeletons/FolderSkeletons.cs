using System.IO.Enumeration;
using Flagstone.Catalog.Files;

namespace Flagstone.Catalog.Scaffolder.Skeletons;

/// <summary>Skeletons in a folder of this machine. A symbolic link is refused, wherever it points.</summary>
internal sealed class FolderSkeletons(string root, FileLimits limits) : ISkeletonSource
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // Links are listed, to be refused, and never followed.
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = FileAttributes.None, RecurseSubdirectories = true };

    public async Task<FileReading> ReadAsync(FolderPath folder, CancellationToken ct)
    {
        var start = Path.Combine(root, folder.Value);
        if (!Directory.Exists(start))
        {
            return new FilesRefused(new FileRefusal(folder.ToString(), "the template has no such folder"));
        }

        List<KeyValuePair<RelativePath, FileContent>> files = [];
        long total = 0;
        foreach (var entry in Entries(start))
        {
            var name = Path.GetRelativePath(start, entry.FullPath);
            var refusal = Refuse(entry, name, files.Count, total += entry.Length);
            if (refusal is not null || !RelativePath.TryParse(name, out var path, out refusal))
            {
                return new FilesRefused(new FileRefusal(folder.Join(name), refusal));
            }

            var executable = !OperatingSystem.IsWindows() && (File.GetUnixFileMode(entry.FullPath) & AnyExecute) != 0;
            files.Add(KeyValuePair.Create(path, new FileContent(await File.ReadAllBytesAsync(entry.FullPath, ct), executable)));
        }

        return FileSet.TryCreate(files, limits, out var set, out var unfit) ? new FilesRead(set) : new FilesRefused(unfit);
    }

    // Before a byte is read, so that a large folder costs nothing.
    private string? Refuse(Entry entry, string name, int count, long total)
    {
        if (entry.IsLink)
        {
            return "it is a symbolic link";
        }

        return count >= limits.Files || total > limits.TotalBytes
            ? $"the skeleton holds more than {limits.Files} files or {limits.TotalBytes} bytes"
            : null;
    }

    private static FileSystemEnumerable<Entry> Entries(string start) =>
        new(start, static (ref FileSystemEntry entry) => new Entry(entry.ToFullPath(), IsLink(ref entry), entry.Length), Everything)
        {
            ShouldIncludePredicate = static (ref FileSystemEntry entry) => !entry.IsDirectory || IsLink(ref entry),
            ShouldRecursePredicate = static (ref FileSystemEntry entry) => !IsLink(ref entry),
        };

    private static bool IsLink(ref FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private readonly record struct Entry(string FullPath, bool IsLink, long Length);
}
