using System.ComponentModel.DataAnnotations;
using Flagstone.Platform.Data;

namespace Flagstone.Workflows.Archiving;

/// <summary>Where the installation archives histories. Which namespaces do so they say themselves.</summary>
internal sealed class ArchiveFolder
{
    public const string Setting = "Flagstone__Workflows__Archive";

    /// <summary>What to do where there is none.</summary>
    public const string WayOut = $"Set {Setting} to the absolute path of a folder, and start the platform again.";

    private ArchiveFolder(string path) => Path = path;

    /// <summary>Empty where there is none.</summary>
    public string Path { get; }

    public bool IsThere => Path.Length > 0;

    /// <summary>As Temporal's API names it; empty where there is none.</summary>
    public string Uri => IsThere ? $"file://{Path}" : "";

    /// <param name="path">The setting; empty for none.</param>
    /// <exception cref="ValidationException">It is no absolute path, or no folder that this process can write to.</exception>
    public static ArchiveFolder Open(string path)
    {
        if (path.Length == 0)
        {
            return new ArchiveFolder("");
        }

        if (!System.IO.Path.IsPathFullyQualified(path))
        {
            throw new ValidationException($"{Setting} is '{path}', which is no absolute path. Write one such as /var/lib/flagstone-archive.");
        }

        var folder = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        try
        {
            Directory.CreateDirectory(folder, PrivateFiles.Folder);
            var probe = System.IO.Path.Combine(folder, $".{Guid.NewGuid():N}");
            File.Create(probe, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ValidationException($"{Setting} is '{path}', where the platform cannot write: {e.Message} Name a folder that belongs to its user.", e);
        }

        return new ArchiveFolder(folder);
    }
}
