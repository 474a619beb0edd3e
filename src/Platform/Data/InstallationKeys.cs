using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Data;

/// <summary>The keys of this process are not those of the installation. The message names the key, the cause and the way out.</summary>
public sealed class InstallationKeyException(string message) : Exception(message);

/// <summary>
/// The two keys that all processes of an installation must have alike: without the same sealing key one cannot open the Secrets of another,
/// and with another log key its checkpoints do not verify. The database remembers by which values they are known, never the keys: the first
/// process of an empty database makes them, and one whose keys are others or absent does not start. In team mode a mark in <c>git/</c> is
/// settled in the same way: processes that do not share that folder would each host repositories that the others do not find.
/// </summary>
public sealed class InstallationKeys
{
    /// <summary>One process at a time settles the keys of a PostgreSQL database; an embedded one is held by its folder.</summary>
    private const long KeyLock = 0x466C_6167_4B65_7973;

    private const int KeyBytes = 32;
    private readonly KeyFile sealing;
    private readonly KeyFile log;
    private readonly KeyFile[] all;
    private byte[]? sealingKey;
    private byte[]? logKey;

    public InstallationKeys(PlatformOptions options, DataFolder folder)
    {
        sealing = KeyFile.Of("sealing", "sealing key", "SealingKeyFile", options.SealingKeyFile, folder, SealingFingerprint);
        log = KeyFile.Of("log", "log signing key", "LogKeyFile", options.LogKeyFile, folder, LogFingerprint);
        all = options.IsEmbedded ? [sealing, log] : [sealing, log, KeyFile.MarkOfGit(folder)];
    }

    /// <summary>The key that seals Secrets at rest; once the keys are settled.</summary>
    public byte[] Sealing => sealingKey ?? throw new InvalidOperationException("The keys are not settled yet: the database is brought to its schema first.");

    /// <summary>The key that signs checkpoints; once the keys are settled.</summary>
    public byte[] Log => logKey ?? throw new InvalidOperationException("The keys are not settled yet: the database is brought to its schema first.");

    /// <summary>Reads the keys and compares them with what the database remembers; makes and records those that it does not know yet.</summary>
    /// <exception cref="InstallationKeyException">A key is another than the installation's, or is not there.</exception>
    public async Task SettleAsync(PlatformDatabase database, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (database.Kind == DatabaseKind.Postgres)
        {
            await ExecuteAsync(connection, transaction, "SELECT pg_advisory_xact_lock(@lock)", ct, ("lock", KeyLock));
        }

        var known = await KnownAsync(connection, transaction, ct);
        // All that is known is compared before anything is made: a process that does not start leaves no key behind.
        Compare(known);
        await RefuseStrangeRowsAsync(connection, transaction, known, ct);
        foreach (var key in all.Where(k => !known.ContainsKey(k.Name)))
        {
            // The key is on disk before its fingerprint commits: a start that is cut off in between finds it and records it.
            var fingerprint = key.Fingerprint(key.Read() ?? key.Make());
            await ExecuteAsync(
                connection, transaction, "INSERT INTO installation_key (name, fingerprint) VALUES (@name, @fingerprint)", ct, ("name", key.Name), ("fingerprint", fingerprint));
        }

        await transaction.CommitAsync(ct);
        sealingKey = sealing.Read();
        logKey = log.Read();
    }

    /// <summary>Compares the keys with what the database remembers, and makes nothing.</summary>
    /// <exception cref="InstallationKeyException">A key is another than the installation's, or is not there.</exception>
    internal async Task CheckAsync(DbConnection connection, DbTransaction transaction, CancellationToken ct) =>
        Compare(await KnownAsync(connection, transaction, ct));

    /// <summary>Rows of a release that remembered no keys were sealed by some key: a new one would not open them.</summary>
    private async Task RefuseStrangeRowsAsync(DbConnection connection, DbTransaction transaction, Dictionary<string, string> known, CancellationToken ct)
    {
        if (known.ContainsKey(sealing.Name) || sealing.Read() is not null)
        {
            return;
        }

        await using var command = connection.Command("SELECT size FROM head");
        command.Transaction = transaction;
        if ((long)(await command.ExecuteScalarAsync(ct))! > 0)
        {
            throw new InstallationKeyException($"The {sealing.Title} is not at {sealing.Path}, and the database holds rows already. {sealing.WayOut}");
        }
    }

    private void Compare(Dictionary<string, string> known)
    {
        foreach (var key in all)
        {
            if (!known.TryGetValue(key.Name, out var fingerprint))
            {
                continue;
            }

            if (key.Read() is not { } bytes)
            {
                throw new InstallationKeyException(
                    $"The {key.Title} is not at {key.Path}, and the database belongs to an installation that has one. {key.WayOut}");
            }

            if (key.Fingerprint(bytes) != fingerprint)
            {
                throw new InstallationKeyException(
                    $"The {key.Title} at {key.Path} is not that of the installation whose database this is: its fingerprint is {Short(key.Fingerprint(bytes))}, "
                    + $"and the database remembers {Short(fingerprint)}. {key.WayOut}");
            }
        }
    }

    private static string Short(string fingerprint) => fingerprint[..12];

    // The key itself is hashed nowhere: what is stored is the hash of a value derived from it for nothing else.
    private static string SealingFingerprint(byte[] key) =>
        Convert.ToHexStringLower(SHA256.HashData(HMACSHA256.HashData(key, "flagstone sealing key fingerprint v1"u8)));

    // The mark is random and no secret.
    private static string MarkFingerprint(byte[] mark) => Convert.ToHexStringLower(SHA256.HashData(mark));

    private static string LogFingerprint(byte[] key)
    {
        // Under one name for all: that of the log is a setting, and no part of the key.
        using var signer = new NoteSigner("fingerprint", key);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(signer.Verifier.ToString())));
    }

    private static async Task<Dictionary<string, string>> KnownAsync(DbConnection connection, DbTransaction transaction, CancellationToken ct)
    {
        await using var command = connection.Command("SELECT name, fingerprint FROM installation_key");
        command.Transaction = transaction;
        await using var reader = await command.ExecuteReaderAsync(ct);
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            known[reader.GetString(0)] = reader.GetString(1);
        }

        return known;
    }

    private static async Task ExecuteAsync(
        DbConnection connection, DbTransaction transaction, string sql, CancellationToken ct, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.Command(sql, parameters);
        command.Transaction = transaction;
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Where a key lies: in the data folder, where it may be made, or in a file that a setting names, where it must be.</summary>
    private sealed record KeyFile(string Name, string Title, string Setting, string Path, bool IsNamed, string Folder, Func<byte[], string> Fingerprint)
    {
        public string WayOut => ForMark ?? (IsNamed
            ? $"Let Flagstone__{Setting} name the file that the other processes use, or restore it from the backup: Secrets and checkpoints depend on it."
            : $"Copy the keys of a process that runs (cp -a OTHER/keys/. {Folder}/), or restore them from the backup, or name the file with Flagstone__{Setting}; then start again.");

        private string? ForMark { get; init; }

        public static KeyFile Of(string name, string title, string setting, string named, DataFolder folder, Func<byte[], string> fingerprint) => named.Length > 0
            ? new KeyFile(name, title, setting, System.IO.Path.GetFullPath(named), true, folder.In("keys"), fingerprint)
            : new KeyFile(name, title, setting, folder.In("keys", name + ".key"), false, folder.In("keys"), fingerprint);

        public static KeyFile MarkOfGit(DataFolder folder) =>
            new("git", "mark of the hosted repositories", "", folder.In("git", ".installation"), false, folder.In("git"), MarkFingerprint)
            {
                ForMark = $"All processes share one Git folder: mount the volume that the others have at {folder.In("git")}, or on one machine link it "
                    + $"(ln -s OTHER/git {folder.Path}/); then start again.",
            };

        public byte[]? Read()
        {
            try
            {
                var bytes = File.Exists(Path) ? File.ReadAllBytes(Path) : null;
                return bytes is null or { Length: KeyBytes }
                    ? bytes
                    : throw new InstallationKeyException($"The {Title} {Path} has {bytes.Length} bytes and must have {KeyBytes}. {WayOut}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new InstallationKeyException($"The {Title} {Path} cannot be read: {e.Message} Make it readable for this user alone.");
            }
        }

        public byte[] Make()
        {
            if (IsNamed)
            {
                throw new InstallationKeyException(
                    $"The {Title} is not at {Path}, which Flagstone__{Setting} names. Make it once for all processes: (umask 077; head -c {KeyBytes} /dev/urandom >{Path}).");
            }

            var key = RandomNumberGenerator.GetBytes(KeyBytes);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!, PrivateFiles.Folder);
            DataFolder.WritePrivate(Path, key);
            return key;
        }
    }
}
