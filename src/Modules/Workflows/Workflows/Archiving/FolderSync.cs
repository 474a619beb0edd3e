using System.Runtime.InteropServices;
using System.Text;

namespace Flagstone.Workflows.Archiving;

/// <summary>Puts on the disk what a folder lists: without it a renamed file can be gone after a power failure, though its bytes were flushed.</summary>
internal static class FolderSync
{
    private const int ReadOnly = 0;

    /// <exception cref="IOException">The system refuses it.</exception>
    public static void Flush(string folder)
    {
        var handle = open(Encoding.UTF8.GetBytes(folder + '\0'), ReadOnly);
        if (handle < 0)
        {
            throw new IOException($"The folder '{folder}' cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        try
        {
            if (fsync(handle) != 0)
            {
                throw new IOException($"The folder '{folder}' cannot be flushed to the disk: {Marshal.GetLastPInvokeErrorMessage()}.");
            }
        }
        finally
        {
            _ = close(handle);
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(int handle);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int handle);
}
