using Flagstone.Platform.Data;
using Flagstone.Platform.Storage;
using Flagstone.Platform.Tests.Storage;
using Flagstone.Platform.Transfer;

namespace Flagstone.Platform.Tests.Data;

/// <summary>The database remembers whose it is; processes with other keys are told so before they do harm.</summary>
public sealed class InstallationKeysTests(PostgresFixture postgres) : IAsyncDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("flagstone-keys-");
    private readonly List<IDisposable> folders = [];
    private readonly List<PlatformDatabase> databases = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseKind.Sqlite)]
    [InlineData(DatabaseKind.Postgres)]
    public async Task The_first_process_makes_both_keys_and_later_starts_find_the_same(DatabaseKind kind)
    {
        var database = await OpenAsync(kind);
        var folder = Folder("a");
        var first = await SettleAsync(database, folder);

        var again = await SettleAsync(database, folder);

        Assert.Equal(first.Sealing, again.Sealing);
        Assert.Equal(first.Log, again.Log);
        Assert.Equal(first.Log, await File.ReadAllBytesAsync(folder.In("keys", "log.key"), Ct));
        var stored = await FingerprintsAsync(database);
        Assert.Equal(["log", "sealing"], stored.Keys.Order());
        Assert.DoesNotContain(Convert.ToHexStringLower(first.Sealing), stored.Values);
    }

    [Theory]
    [InlineData("sealing.key", "sealing key")]
    [InlineData("log.key", "log signing key")]
    public async Task A_process_with_another_key_is_refused_and_told_what_to_copy(string file, string title)
    {
        var database = await OpenAsync(DatabaseKind.Postgres);
        var first = Folder("a");
        await SettleAsync(database, first);
        var second = CopyOf(first, "b");
        await File.WriteAllBytesAsync(second.In("keys", file), new byte[32], Ct);

        var refusal = await Assert.ThrowsAsync<InstallationKeyException>(() => SettleAsync(database, second));

        Assert.StartsWith($"The {title} at {second.In("keys", file)} is not that of the installation", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"cp -a OTHER/keys/. {second.In("keys")}/", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_without_keys_is_refused_and_makes_none_and_starts_with_copied_ones()
    {
        var database = await OpenAsync(DatabaseKind.Postgres);
        var first = Folder("a");
        var keys = await SettleAsync(database, first);
        var bare = Folder("b");

        await Assert.ThrowsAsync<InstallationKeyException>(() => SettleAsync(database, bare));

        Assert.Empty(Directory.GetFiles(bare.In("keys")));
        Assert.Equal(keys.Sealing, (await SettleAsync(database, CopyOf(first, "c"))).Sealing);
    }

    [Fact]
    public async Task Of_first_starts_at_once_one_makes_the_keys_and_the_others_are_refused()
    {
        var database = await OpenAsync(DatabaseKind.Postgres);
        var starting = Enumerable.Range(0, 6).Select(i => Folder($"n{i}")).ToList();

        var outcomes = await Task.WhenAll(starting.Select(async folder =>
        {
            try
            {
                await SettleAsync(database, folder);
                return true;
            }
            catch (InstallationKeyException)
            {
                return false;
            }
        }));

        Assert.Single(outcomes, started => started);
        Assert.Single(starting, folder => File.Exists(folder.In("keys", "sealing.key")));
    }

    [Fact]
    public async Task Keys_come_from_the_files_that_settings_name_and_are_never_made_there()
    {
        var database = await OpenAsync(DatabaseKind.Postgres);
        var (sealing, log) = (Path.Combine(root.FullName, "mounted-sealing"), Path.Combine(root.FullName, "mounted-log"));
        var options = new PlatformOptions { SealingKeyFile = sealing, LogKeyFile = log };

        var absent = await Assert.ThrowsAsync<InstallationKeyException>(() => SettleAsync(database, Folder("a"), options));
        Assert.Contains($"head -c 32 /dev/urandom >{sealing}", absent.Message, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(sealing, [.. Enumerable.Repeat((byte)1, 32)], Ct);
        await File.WriteAllBytesAsync(log, [.. Enumerable.Repeat((byte)2, 32)], Ct);

        // No need to copy anything: two folders, one pair of files.
        Assert.Equal(1, (await SettleAsync(database, Folder("b"), options)).Sealing[0]);
        Assert.Equal(2, (await SettleAsync(database, Folder("c"), options)).Log[0]);
    }

    [Fact]
    public async Task Rows_of_a_release_that_remembered_no_keys_are_not_given_new_ones()
    {
        var database = await OpenAsync(DatabaseKind.Postgres);
        await using (var connection = await database.OpenAsync(Ct))
        {
            await using var command = connection.Command("UPDATE head SET size = 7");
            await command.ExecuteNonQueryAsync(Ct);
        }

        var refusal = await Assert.ThrowsAsync<InstallationKeyException>(() => SettleAsync(database, Folder("a")));

        Assert.Contains("the database holds rows already", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_wants_the_installations_keys_and_an_import_brings_them()
    {
        var database = await OpenAsync(DatabaseKind.Postgres);
        var home = Folder("a");
        var keys = await SettleAsync(database, home);
        var stranger = Folder("b");
        var file = Path.Combine(root.FullName, "export.zip");

        await Assert.ThrowsAsync<InstallationKeyException>(() => Archive.ExportAsync(database, stranger, new InstallationKeys(new PlatformOptions(), stranger), file, Ct));
        Assert.False(File.Exists(file));

        await Archive.ExportAsync(database, home, new InstallationKeys(new PlatformOptions(), home), file, Ct);
        var (target, moved) = (await OpenAsync(DatabaseKind.Postgres), Folder("c"));
        await Archive.ImportAsync(target, moved, new InstallationKeys(new PlatformOptions(), moved), file, Ct);

        Assert.Equal(keys.Sealing, (await SettleAsync(target, moved)).Sealing);
        await Assert.ThrowsAsync<InstallationKeyException>(() => SettleAsync(target, Folder("d")));
    }

    [Fact]
    public async Task In_team_mode_a_process_with_a_Git_folder_of_its_own_is_refused_and_starts_with_the_shared_one()
    {
        var team = new PlatformOptions { Database = "postgresql://flagstone@localhost:1/flagstone" };
        var database = await OpenAsync(DatabaseKind.Postgres);
        var first = Folder("a");
        await SettleAsync(database, first, team);
        var second = CopyOf(first, "b");

        var refusal = await Assert.ThrowsAsync<InstallationKeyException>(() => SettleAsync(database, second, team));

        Assert.StartsWith($"The mark of the hosted repositories is not at {second.In("git", ".installation")}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"ln -s OTHER/git {second.Path}/", refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(second.In("git")));
        Directory.CreateSymbolicLink(second.In("git"), first.In("git"));
        await SettleAsync(database, second, team);
        await SettleAsync(database, first, team);
    }

    [Fact]
    public async Task In_team_mode_a_Git_folder_of_another_installation_is_refused()
    {
        var team = new PlatformOptions { Database = "postgresql://flagstone@localhost:1/flagstone" };
        var (database, other) = (await OpenAsync(DatabaseKind.Postgres), await OpenAsync(DatabaseKind.Postgres));
        var (first, stranger) = (Folder("a"), Folder("s"));
        await SettleAsync(database, first, team);
        await SettleAsync(other, stranger, team);
        var second = CopyOf(first, "b");
        Directory.CreateSymbolicLink(second.In("git"), stranger.In("git"));

        var refusal = await Assert.ThrowsAsync<InstallationKeyException>(() => SettleAsync(database, second, team));

        Assert.Contains("is not that of the installation whose database this is", refusal.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }

        folders.ForEach(f => f.Dispose());
        root.Delete(recursive: true);
    }

    private async Task<PlatformDatabase> OpenAsync(DatabaseKind kind)
    {
        PlatformDatabase database = kind == DatabaseKind.Sqlite
            ? new SqliteDatabase(Path.Combine(root.FullName, "flagstone.db"))
            : new PostgresDatabase(PostgresUrl.ToConnectionString(await postgres.Server.CreateDatabaseAsync(Ct)));
        databases.Add(database);
        await PlatformModule.MigrateAsync(database, [], Ct);
        return database;
    }

    private DataFolder Folder(string name)
    {
        var folder = DataFolder.Open(Path.Combine(root.FullName, name));
        folders.Add(folder);
        return folder;
    }

    private DataFolder CopyOf(DataFolder other, string name)
    {
        var folder = Folder(name);
        foreach (var file in Directory.GetFiles(other.In("keys")))
        {
            File.Copy(file, folder.In("keys", Path.GetFileName(file)));
        }

        return folder;
    }

    private static async Task<InstallationKeys> SettleAsync(PlatformDatabase database, DataFolder folder, PlatformOptions? options = null)
    {
        var keys = new InstallationKeys(options ?? new PlatformOptions(), folder);
        await keys.SettleAsync(database, Ct);
        return keys;
    }

    private static async Task<Dictionary<string, string>> FingerprintsAsync(PlatformDatabase database)
    {
        await using var connection = await database.OpenAsync(Ct);
        await using var command = connection.Command("SELECT name, fingerprint FROM installation_key");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(Ct))
        {
            found[reader.GetString(0)] = reader.GetString(1);
        }

        return found;
    }
}
