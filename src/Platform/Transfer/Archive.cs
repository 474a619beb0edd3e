using System.Data.Common;
using System.IO.Compression;
using System.Text.Json;
using Flagstone.Platform.Data;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Transfer;

/// <summary>The export cannot be taken in; the message says why and what to do.</summary>
public sealed class ArchiveException(string message) : Exception(message);

/// <summary>
/// Moves an installation: every table as JSON lines, the keys and the hosted repositories, in one zip file. What was exported from an
/// embedded folder is imported into PostgreSQL with the same ledger, and so with the same checkpoint root. The file holds the keys: it is
/// written with mode 0600 and is as secret as the data folder.
/// </summary>
public static class Archive
{
    private const int Format = 1;
    private static readonly string[] Folders = ["keys", "git"];

    /// <summary>Tables that are rebuilt or forgotten rather than moved.</summary>
    private static readonly HashSet<string> Left = ["schema_version", "transient", "transient_head", "idempotency"];

    /// <exception cref="ArchiveException">There is something of that name already.</exception>
    public static void EnsureAbsent(string file)
    {
        if (Path.Exists(file))
        {
            throw new ArchiveException($"'{file}' is there already, and an export overwrites nothing. Name another file, or take that one away first.");
        }
    }

    /// <exception cref="ArchiveException">The file is not there, cannot be read, or is no archive.</exception>
    public static void EnsureReadable(string file)
    {
        try
        {
            using var zip = ZipFile.OpenRead(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ArchiveException($"There is no file '{file}'. Name one that 'flagstone export FILE' has written.");
        }
        catch (InvalidDataException)
        {
            throw new ArchiveException($"'{file}' is not an export of Flagstone: it is no zip file, or was cut short. Name one that 'flagstone export FILE' has written.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArchiveException($"'{file}' cannot be read: {e.Message} Make it readable for this user, or name another.");
        }
    }

    /// <summary>Writes the archive of a stopped installation, and returns the ledger's size.</summary>
    public static async Task<long> ExportAsync(PlatformDatabase database, DataFolder folder, InstallationKeys keys, string file, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.Serializable, ct);
        // An archive with the keys of another process would bring Secrets that nobody can open.
        await keys.CheckAsync(connection, transaction, ct);
        await using var stream = Create(file);
        await using var zip = new ZipArchive(stream, ZipArchiveMode.Create);
        var versions = await ReadVersionsAsync(connection, transaction, ct);
        await using (var manifest = await zip.CreateEntry("manifest.json").OpenAsync(ct))
        {
            await JsonSerializer.SerializeAsync(manifest, new Manifest(Format, versions), cancellationToken: ct);
        }

        foreach (var table in await TablesAsync(connection, database.Kind, transaction, ct))
        {
            await using var entry = await zip.CreateEntry($"tables/{table}.jsonl").OpenAsync(ct);
            await ExportTableAsync(connection, transaction, table, entry, ct);
        }

        foreach (var name in Folders.Where(f => Directory.Exists(folder.In(f))))
        {
            foreach (var path in Directory.EnumerateFiles(folder.In(name), "*", SearchOption.AllDirectories))
            {
                await zip.CreateEntryFromFileAsync(path, Path.GetRelativePath(folder.Path, path), ct);
            }
        }

        await using var size = connection.Command("SELECT size FROM head");
        size.Transaction = transaction;
        return (long)(await size.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Takes an archive into an empty installation, all of it or nothing, and returns the ledger's size.</summary>
    public static async Task<long> ImportAsync(PlatformDatabase database, DataFolder folder, InstallationKeys keys, string file, CancellationToken ct)
    {
        await using var zip = await ZipFile.OpenReadAsync(file, ct);
        var manifest = await ReadManifestAsync(zip, ct);
        await using var connection = await database.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var here = await ReadVersionsAsync(connection, transaction, ct);
        foreach (var (component, version) in manifest.Versions)
        {
            if (!here.TryGetValue(component, out var known) || known != version)
            {
                throw new ArchiveException(
                    $"The archive has version {version} of '{component}', and this release has {(known == 0 ? "none" : known)}. Import it with the release that wrote it, then upgrade.");
            }
        }

        await using (var rows = connection.Command("SELECT size FROM head"))
        {
            rows.Transaction = transaction;
            if ((long)(await rows.ExecuteScalarAsync(ct))! > 0)
            {
                throw new ArchiveException("The installation is not empty: its ledger has rows. Import into a new database and a new data folder.");
            }
        }

        foreach (var table in await TablesAsync(connection, database.Kind, transaction, ct))
        {
            if (zip.GetEntry($"tables/{table}.jsonl") is { } entry)
            {
                await ImportTableAsync(connection, transaction, table, entry, ct);
            }
        }

        foreach (var entry in zip.Entries.Where(e => Folders.Any(f => e.FullName.StartsWith(f + "/", StringComparison.Ordinal))))
        {
            var target = Path.GetFullPath(folder.In(entry.FullName));
            if (!target.StartsWith(folder.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw new ArchiveException($"The archive's entry '{entry.FullName}' climbs out of the data folder; the file is not one of ours.");
            }

            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await entry.ExtractToFileAsync(target, overwrite: true, ct);
            if (entry.FullName.StartsWith("keys/", StringComparison.Ordinal))
            {
                File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        // The rows bring the fingerprints of the keys that they need, the files or the settings the keys.
        await keys.CheckAsync(connection, transaction, ct);

        // The rows come last into force: until here an interrupted import has left an empty store that can be imported again.
        await transaction.CommitAsync(ct);
        await using var size = connection.Command("SELECT size FROM head");
        return (long)(await size.ExecuteScalarAsync(ct))!;
    }

    private static FileStream Create(string file)
    {
        try
        {
            return new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArchiveException($"The export cannot be written to '{file}': {e.Message} Name a file that is not there, in a folder that this user may write to.");
        }
    }

    private static async Task<Manifest> ReadManifestAsync(ZipArchive zip, CancellationToken ct)
    {
        if (zip.GetEntry("manifest.json") is not { } entry)
        {
            throw new ArchiveException("The file is not an export of Flagstone: it has no manifest.");
        }

        await using var stream = await entry.OpenAsync(ct);
        var manifest = await JsonSerializer.DeserializeAsync<Manifest>(stream, cancellationToken: ct);
        return manifest?.Format == Format
            ? manifest
            : throw new ArchiveException($"The archive has format {manifest?.Format}, and this release reads format {Format}.");
    }

    private static async Task<Dictionary<string, long>> ReadVersionsAsync(DbConnection connection, DbTransaction transaction, CancellationToken ct)
    {
        // Cluster membership is not moved, so its schema does not matter.
        await using var command = connection.Command("SELECT component, version FROM schema_version WHERE component <> 'orleans'");
        command.Transaction = transaction;
        await using var reader = await command.ExecuteReaderAsync(ct);
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            versions[reader.GetString(0)] = reader.GetInt64(1);
        }

        return versions;
    }

    /// <summary>Our tables, parents before children: a principal is there before its tokens.</summary>
    private static async Task<List<string>> TablesAsync(DbConnection connection, DatabaseKind kind, DbTransaction transaction, CancellationToken ct)
    {
        await using var command = connection.Command(kind == DatabaseKind.Sqlite
            ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            : "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE 'orleans%' ORDER BY table_name");
        command.Transaction = transaction;
        await using var reader = await command.ExecuteReaderAsync(ct);
        var tables = new List<string>();
        while (await reader.ReadAsync(ct))
        {
            tables.Add(reader.GetString(0));
        }

        return [.. tables.Where(t => !Left.Contains(t)).OrderBy(t => t == "principal" ? 0 : 1)];
    }

    private static async Task ExportTableAsync(DbConnection connection, DbTransaction transaction, string table, Stream target, CancellationToken ct)
    {
        await using var command = connection.Command($"SELECT * FROM {table}");
        command.Transaction = transaction;
        await using var reader = await command.ExecuteReaderAsync(ct);
        await using var writer = new StreamWriter(target);
        while (await reader.ReadAsync(ct))
        {
            var row = new Dictionary<string, object?>(StringComparer.Ordinal);
            for (var i = 0; i < reader.FieldCount; i++)
            {
                // Bytes are told from text by their shape: an object with the one member "b".
                row[reader.GetName(i)] = reader.IsDBNull(i) ? null : reader.GetValue(i) switch
                {
                    byte[] bytes => new Dictionary<string, string> { ["b"] = Convert.ToBase64String(bytes) },
                    var value => value,
                };
            }

            await writer.WriteLineAsync(JsonSerializer.Serialize(row).AsMemory(), ct);
        }
    }

    private static async Task ImportTableAsync(DbConnection connection, DbTransaction transaction, string table, ZipArchiveEntry entry, CancellationToken ct)
    {
        await using (var clear = connection.Command($"DELETE FROM {table}"))
        {
            clear.Transaction = transaction;
            await clear.ExecuteNonQueryAsync(ct);
        }

        await using var stream = await entry.OpenAsync(ct);
        using var reader = new StreamReader(stream);
        DbCommand? insert = null;
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            using var row = JsonDocument.Parse(line);
            var members = row.RootElement.EnumerateObject().ToList();
            insert ??= Prepare(connection, transaction, table, members);
            for (var i = 0; i < members.Count; i++)
            {
                insert.Parameters[i].Value = Value(members[i].Value);
            }

            await insert.ExecuteNonQueryAsync(ct);
        }

        if (insert is not null)
        {
            await insert.DisposeAsync();
        }
    }

    private static DbCommand Prepare(DbConnection connection, DbTransaction transaction, string table, List<JsonProperty> members)
    {
        var command = connection.Command(
            $"INSERT INTO {table} ({string.Join(", ", members.Select(m => m.Name))}) VALUES ({string.Join(", ", members.Select((_, i) => $"@p{i}"))})",
            [.. members.Select((_, i) => ($"p{i}", (object?)null))]);
        command.Transaction = transaction;
        return command;
    }

    private static object Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => DBNull.Value,
        JsonValueKind.Number => value.GetInt64(),
        JsonValueKind.Object => value.GetProperty("b").GetBytesFromBase64(),
        _ => value.GetString()!,
    };

    private sealed record Manifest(int Format, Dictionary<string, long> Versions);
}
