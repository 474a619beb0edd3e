namespace Flagstone.Catalog.Files;

/// <summary>Writes files to disk, into a folder that nobody else has seen, so that no link in it can lead elsewhere.</summary>
internal static class FileExport
{
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Moved into place when whole. The target must not be there.</summary>
    public static void Write(FileSet files, string target)
    {
        var unfinished = $"{target}.{Guid.CreateVersion7():N}";
        Directory.CreateDirectory(unfinished);
        foreach (var (path, content) in files)
        {
            var file = Path.Combine(unfinished, path.Value);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            stream.Write(content.Bytes.Span);
            if (content.Executable && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, File.GetUnixFileMode(file) | Execute);
            }
        }

        Directory.Move(unfinished, target);
    }
}
