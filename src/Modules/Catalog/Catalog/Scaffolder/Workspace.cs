using System.Diagnostics.CodeAnalysis;
using Flagstone.Catalog.Files;

namespace Flagstone.Catalog.Scaffolder;

/// <summary>
/// The files that a run has made so far. It lies in memory: what a run leaves behind is what its actions publish, and a run that is
/// executed again makes the same files again.
/// </summary>
internal sealed class Workspace(FileLimits limits)
{
    public FileSet Files { get; private set; } = FileSet.Empty;

    public FileLimits Limits => limits;

    /// <summary>Adds files below a folder. Those that are there stay as they are unless they are to be replaced.</summary>
    public bool TryAdd(FolderPath folder, FileSet added, bool replace, [NotNullWhen(false)] out FileRefusal? refusal)
    {
        var merged = Files.ToDictionary(file => file.Key, file => file.Value);
        foreach (var (path, content) in added)
        {
            if (!RelativePath.TryParse(folder.Join(path.Value), out var target, out var reason))
            {
                refusal = new FileRefusal(path.Value, reason);
                return false;
            }

            if (replace || !merged.ContainsKey(target))
            {
                merged[target] = content;
            }
        }

        if (!FileSet.TryCreate(merged, limits, out var files, out refusal))
        {
            return false;
        }

        Files = files;
        return true;
    }
}
