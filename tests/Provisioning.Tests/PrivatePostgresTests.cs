using System.Net.Sockets;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Provisioning.Providers;
using Flagstone.Provisioning.Providers.Sql;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Flagstone.Provisioning.Tests;

public sealed class PrivatePostgresTests
{
    [Fact]
    public async Task A_server_that_a_killed_platform_left_is_adopted_and_a_stopped_one_comes_back_with_its_data_on_its_port()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-");
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_001_001);
        using (var data = DataFolder.Open(folder.FullName))
        {
            // Never stopped: as if the platform had been killed.
            using var killed = Server(data);
            await RunAsync(killed, "CREATE TABLE kept (id int)");
            var process = await RunAsync(killed, "SELECT pg_postmaster_start_time()::text");

            using var restarted = Server(data);
            Assert.Equal(process, await RunAsync(restarted, "SELECT pg_postmaster_start_time()::text"));
            Assert.Equal(killed.Port, restarted.Port);
            await restarted.StoppedAsync(TestContext.Current.CancellationToken);

            using var later = Server(data);
            Assert.Equal("0", await RunAsync(later, "SELECT count(*)::text FROM kept"));
            Assert.Equal(killed.Port, later.Port);
            await later.StoppedAsync(TestContext.Current.CancellationToken);
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_start_of_the_host_brings_the_server_back_before_anything_asks_for_it()
    {
        var ct = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("flagstone-");
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_001_001);
        using (var data = DataFolder.Open(folder.FullName))
        {
            using var first = Server(data);
            await RunAsync(first, "SELECT 'made'");
            await first.StoppedAsync(ct);
            Assert.True(LoopbackPorts.IsFree(first.Port));

            using var elsewhere = Server(data, "postgresql://flagstone@sql.example.com/flagstone");
            await elsewhere.StartingAsync(ct);
            await elsewhere.Return;
            Assert.True(LoopbackPorts.IsFree(first.Port), "in team mode no private server is started");

            using var second = Server(data);
            await second.StartingAsync(ct);
            await second.Return;
            using (var client = new TcpClient())
            {
                await client.ConnectAsync("127.0.0.1", first.Port, ct);
            }

            var process = await RunAsync(second, "SELECT pg_postmaster_start_time()::text");
            using var killed = Server(data);
            await killed.StartingAsync(ct);
            await killed.Return;
            Assert.Equal(process, await RunAsync(killed, "SELECT pg_postmaster_start_time()::text"));
            await killed.StoppedAsync(ct);
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_start_without_databases_starts_no_server()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-");
        using (var data = DataFolder.Open(folder.FullName))
        {
            using var server = Server(data);
            await server.StartingAsync(TestContext.Current.CancellationToken);
            await server.Return;
            Assert.False(Directory.Exists(data.In("postgres")));
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_documented_commands_move_all_databases_with_their_roles_to_another_server()
    {
        var ct = TestContext.Current.CancellationToken;
        var (old, next) = (Directory.CreateTempSubdirectory("flagstone-"), Directory.CreateTempSubdirectory("flagstone-"));
        foreach (var folder in (DirectoryInfo[])[old, next])
        {
            File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_001_001);
        }

        using (var oldData = DataFolder.Open(old.FullName))
        using (var nextData = DataFolder.Open(next.FullName))
        {
            using var from = Server(oldData);
            await RunAsync(from, "CREATE ROLE shop LOGIN PASSWORD 'sesame'");
            await RunAsync(from, "CREATE ROLE shop_a LOGIN IN ROLE shop; ALTER ROLE shop_a SET role TO 'shop'");
            await RunAsync(from, "CREATE DATABASE shop OWNER shop");
            await RunAsync(from, "REVOKE CONNECT ON DATABASE shop FROM PUBLIC");
            await AskAsync(from.Port, "CREATE TABLE visit (id int); INSERT INTO visit VALUES (7); SELECT id FROM visit");
            using var to = Server(nextData);
            // The claim is there already, with an empty database.
            await RunAsync(to, "CREATE ROLE shop LOGIN PASSWORD 'another'");
            await RunAsync(to, "CREATE ROLE shop_a LOGIN IN ROLE shop; ALTER ROLE shop_a SET role TO 'shop'");
            await RunAsync(to, "CREATE DATABASE shop OWNER shop");

            var (dump, restore) = Documented();
            Assert.Equal((0, ""), await ShellAsync(dump, old, ct));
            File.Copy(Path.Combine(old.FullName, "databases.sql"), Path.Combine(next.FullName, "databases.sql"));
            Assert.Equal((0, ""), await ShellAsync(restore, next, ct));

            Assert.Equal(7, await AskAsync(to.Port, "SELECT id FROM visit"));
            Assert.Equal("f", await RunAsync(to, "SELECT has_database_privilege('public', 'shop', 'CONNECT')::text::char(1)::text"));
            Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(Path.Combine(old.FullName, "databases.sql")));
            await from.StoppedAsync(ct);
            await to.StoppedAsync(ct);
        }

        old.Delete(recursive: true);
        next.Delete(recursive: true);
    }

    [Theory]
    [InlineData("pencil", true)]
    [InlineData("pencils", false)]
    public void A_password_matches_its_verifier_alone(string password, bool matches) =>
        Assert.Equal(matches, ScramVerifier.Matches(password, ScramVerifier.Make("pencil")));

    private static PrivatePostgres Server(DataFolder data, string database = "sqlite") =>
        new(data, new PlatformOptions { Data = data.In(""), Database = database }, TimeProvider.System, NullLogger<PrivatePostgres>.Instance);

    private static (string Dump, string Restore) Documented()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Monolith.sln")))
        {
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} lies in no checkout");
        }

        var text = File.ReadAllText(Path.Combine(root, "docs", "operations", "backup-and-move.md"));
        var blocks = text.Split("```sh\n").Skip(1).Select(b => b[..b.IndexOf("```", StringComparison.Ordinal)]).ToList();
        return (blocks.Single(b => b.Contains("pg_dumpall", StringComparison.Ordinal)), blocks.Single(b => b.Contains("psql -q", StringComparison.Ordinal)));
    }

    private static Task<(int ExitCode, string Output)> ShellAsync(string script, DirectoryInfo data, CancellationToken ct) =>
        Processes.RunAsync(["sh", "-c", script.Replace("DIR/", data.FullName + "/", StringComparison.Ordinal)], data.FullName, TimeSpan.FromMinutes(1), ct);

    private static async Task<object?> AskAsync(int port, string text)
    {
        var login = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = "shop", Password = "sesame", Database = "shop", Pooling = false };
        await using var connection = new NpgsqlConnection(login.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(text, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string?> RunAsync(PrivatePostgres server, string text)
    {
        await using var connection = await server.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(text, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) as string;
    }
}
