using System.Security.Cryptography;

namespace Flagstone.Platform.Data;

/// <summary>The data folder is not usable: taken, unwritable, or not a folder. The message names the way out.</summary>
public sealed class DataFolderException(string message) : Exception(message);

/// <summary>
/// Everything that this installation keeps on disk. One process holds it at a time, and no other user of the machine reads it.
/// <c>flagstone.db</c> the store, <c>keys/</c> the keys (0600), <c>git/</c> hosted repositories, <c>apps/</c> running services,
/// <c>postgres/</c> the private database server, <c>admin.token</c> and <c>kubeconfig</c> for the first administrator.
/// </summary>
public sealed class DataFolder : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int KeyBytes = 32;

    /// <summary>What may lie here. Other entries of the folder are not ours to close.</summary>
    private static readonly string[] Entries =
    [
        "flagstone.db", "flagstone.db-wal", "flagstone.db-shm", "lock", "admin.token", "kubeconfig", "silo.port", "server.log", "server.pid",
        "keys", "git", "apps", "postgres", "npm-cache", "tmp",
    ];

    private readonly FileStream held;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        this.held = held;
    }

    public string Path { get; }

    public string Database => In("flagstone.db");

    public string AdminToken => In("admin.token");

    public string Kubeconfig => In("kubeconfig");

    /// <summary>Opens the folder, making it when it is not there, and holds it until disposed.</summary>
    public static DataFolder Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            if (Directory.Exists(full))
            {
                PrivateFiles.CloseListing(full);
            }
            else
            {
                PrivateFiles.MakePassage(full);
            }

            Directory.CreateDirectory(System.IO.Path.Combine(full, "keys"), PrivateFiles.Folder);
            var held = new FileStream(System.IO.Path.Combine(full, "lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = Private,
            });
            // Earlier releases left to the shell's umask who may read them. What services pass through is opened again by who runs them.
            Array.ForEach(Entries, name => PrivateFiles.Close(System.IO.Path.Combine(full, name)));
            return new DataFolder(full, held);
        }
        catch (IOException e) when (Directory.Exists(full))
        {
            throw new DataFolderException(
                $"The data folder {full} is held by another process ({e.Message}). Stop that one with 'script/server --down --data {full}', or start this one with another --data folder.");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new DataFolderException($"The data folder {full} cannot be written: {e.Message} Choose another with --data, or make it writable for this user.");
        }
    }

    public string In(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>A secret key of this installation; made at first use.</summary>
    public byte[] Key(string name)
    {
        var file = In("keys", name);
        if (!File.Exists(file))
        {
            WritePrivate(file, RandomNumberGenerator.GetBytes(KeyBytes));
        }

        var key = File.ReadAllBytes(file);
        return key.Length == KeyBytes
            ? key
            : throw new DataFolderException($"The key {file} has {key.Length} bytes and must have {KeyBytes}. Restore it from the backup: without it sealed values cannot be opened.");
    }

    /// <summary>Writes a file that only this user reads, whole or not at all.</summary>
    public static void WritePrivate(string file, ReadOnlySpan<byte> bytes)
    {
        var partial = file + ".part";
        using (var stream = new FileStream(partial, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Private }))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }

        File.Move(partial, file, overwrite: true);
    }

    public void Dispose() => held.Dispose();
}
