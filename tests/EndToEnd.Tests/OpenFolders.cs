namespace Flagstone.EndToEnd.Tests;

/// <summary>What of a folder users other than its owner reach.</summary>
internal static class OpenFolders
{
    public const UnixFileMode Passage = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode Others =
        Passage | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Each entry that is open to others, with how; what lies in a folder that others cannot pass is not.</summary>
    public static IEnumerable<KeyValuePair<string, UnixFileMode>> Below(string folder) =>
        Open(folder).Select(path => KeyValuePair.Create(Path.GetRelativePath(folder, path), File.GetUnixFileMode(path) & Others)).OrderBy(o => o.Key, StringComparer.Ordinal);

    private static IEnumerable<string> Open(string path)
    {
        if ((File.GetUnixFileMode(path) & Others) == 0)
        {
            return [];
        }

        var inside = Directory.Exists(path) ? Directory.EnumerateFileSystemEntries(path).SelectMany(Open) : [];
        return inside.Prepend(path);
    }
}
