using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Catalog.Files;

/// <summary>Files by path, in ordinal order. No two differ by case only, and none is a folder of another.</summary>
internal sealed class FileSet : IReadOnlyCollection<KeyValuePair<RelativePath, FileContent>>
{
    private readonly SortedDictionary<string, (RelativePath Path, FileContent Content)> files;

    private FileSet(SortedDictionary<string, (RelativePath, FileContent)> files) => this.files = files;

    public static FileSet Empty { get; } = new(new SortedDictionary<string, (RelativePath, FileContent)>(StringComparer.Ordinal));

    public int Count => files.Count;

    public static bool TryCreate(
        IEnumerable<KeyValuePair<RelativePath, FileContent>> content,
        FileLimits limits,
        out FileSet set,
        [NotNullWhen(false)] out FileRefusal? refusal)
    {
        set = Empty;
        var files = new SortedDictionary<string, (RelativePath, FileContent)>(StringComparer.Ordinal);
        var names = new FileNames();
        long total = 0;
        foreach (var (path, file) in content)
        {
            total += file.Bytes.Length;
            refusal = RefuseSize(path, file, files.Count + 1, total, limits) ?? names.Take(path);
            if (refusal is not null)
            {
                return false;
            }

            files[path.Value] = (path, file);
        }

        set = new FileSet(files);
        refusal = null;
        return true;
    }

    public FileContent? Find(RelativePath path) => files.TryGetValue(path.Value, out var entry) ? entry.Content : null;

    /// <summary>The files below a folder, their paths counted from it.</summary>
    public FileSet Below(FolderPath folder)
    {
        var below = new SortedDictionary<string, (RelativePath, FileContent)>(StringComparer.Ordinal);
        foreach (var (path, content) in this)
        {
            // A path below a folder is a path, so this parse does not fail.
            if (folder.Below(path) is { } rest && RelativePath.TryParse(rest, out var inner))
            {
                below[rest] = (inner, content);
            }
        }

        return new FileSet(below);
    }

    public IEnumerator<KeyValuePair<RelativePath, FileContent>> GetEnumerator() =>
        files.Values.Select(entry => KeyValuePair.Create(entry.Path, entry.Content)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static FileRefusal? RefuseSize(RelativePath path, FileContent file, int count, long total, FileLimits limits)
    {
        if (count > limits.Files)
        {
            return new FileRefusal(path.Value, $"there are more than {limits.Files} files");
        }

        if (file.Bytes.Length > limits.FileBytes)
        {
            return new FileRefusal(path.Value, $"it is larger than {limits.FileBytes} bytes");
        }

        return total > limits.TotalBytes
            ? new FileRefusal(path.Value, $"the files are larger than {limits.TotalBytes} bytes together")
            : null;
    }

    /// <summary>The names taken so far, as a disk that does not tell case apart would see them.</summary>
    private sealed class FileNames
    {
        private readonly Dictionary<string, (string Spelling, bool IsFolder)> taken = new(StringComparer.OrdinalIgnoreCase);

        public FileRefusal? Take(RelativePath path)
        {
            var value = path.Value;
            for (var slash = value.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = value.IndexOf('/', slash + 1))
            {
                if (Take(value[..slash], value, isFolder: true) is { } refusal)
                {
                    return refusal;
                }
            }

            return Take(value, value, isFolder: false);
        }

        private FileRefusal? Take(string name, string file, bool isFolder)
        {
            if (taken.TryAdd(name, (name, isFolder)))
            {
                return null;
            }

            var (spelling, wasFolder) = taken[name];
            if (spelling != name)
            {
                return new FileRefusal(file, $"it differs from '{spelling}' by upper and lower case only");
            }

            if (isFolder != wasFolder)
            {
                return new FileRefusal(file, $"'{name}' would be a file and a folder");
            }

            return isFolder ? null : new FileRefusal(file, "another file has its name");
        }
    }
}
