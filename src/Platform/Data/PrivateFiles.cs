using System.Runtime.InteropServices;

namespace Flagstone.Platform.Data;

/// <summary>Who may read what the installation keeps on disk: its own user, and nobody else on the machine.</summary>
public static class PrivateFiles
{
    private const UnixFileMode File = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Passing = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode ReadingAndWriting =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public const UnixFileMode Folder = File | UnixFileMode.UserExecute;

    private const uint OthersMay = 0b000_111_111;

    /// <summary>
    /// A folder on the way to what belongs to a child process. As root those run as other users, who must pass and can list nothing; else they
    /// are this user's own.
    /// </summary>
    public static UnixFileMode Passage => Environment.IsPrivilegedProcess ? Folder | Passing : Folder;

    /// <summary>From here on all that this process and its children make is closed to others, whatever the shell or the unit file says.</summary>
    public static void MakeDefault() => _ = umask(OthersMay);

    /// <summary>Closes a file or a folder to other users. A link is left alone: it says nothing about what it leads to.</summary>
    public static void Close(string path) => Take(path, ReadingAndWriting | Passing);

    /// <summary>Makes a folder through which child processes reach what is theirs, or closes an existing one but for that.</summary>
    public static void MakePassage(string folder)
    {
        Directory.CreateDirectory(folder);
        System.IO.File.SetUnixFileMode(folder, Passage);
    }

    /// <summary>Lets nobody list a folder or write to it. Who may pass through stays so: whoever made the folder decided that.</summary>
    internal static void CloseListing(string folder) => Take(folder, Environment.IsPrivilegedProcess ? ReadingAndWriting : ReadingAndWriting | Passing);

    private static void Take(string path, UnixFileMode taken)
    {
        var entry = new FileInfo(path);
        if (entry.LinkTarget is not null || (!entry.Exists && !Directory.Exists(path)))
        {
            return;
        }

        var mode = entry.UnixFileMode;
        // A sticky folder is the machine's, such as /tmp.
        if ((mode & taken) == 0 || (mode & UnixFileMode.StickyBit) != 0)
        {
            return;
        }

        try
        {
            entry.UnixFileMode = mode & ~taken;
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's, who may let this one write to it: the root of a mounted volume is.
        }
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint umask(uint mask);
}
