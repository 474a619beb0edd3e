using System.Diagnostics;
using System.Globalization;
using System.Net;
using Flagstone.Platform.Data;

namespace Flagstone.Testing;

/// <summary>
/// A PostgreSQL server of the tests' own, from the machine's binaries, on a free loopback port with its data in a temporary folder.
/// PostgreSQL refuses to run as root, so under root it runs as nobody.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private const string NobodyId = "65534";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly string folder;
    private int databases;

    private PrivatePostgres(string folder, int port)
    {
        this.folder = folder;
        Port = port;
    }

    public int Port { get; }

    /// <summary>The postmaster's.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(folder, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    public static async Task<PrivatePostgres> StartAsync(CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-pg-").FullName;
        await RunAsync("chmod", ["755", folder], ct);
        if (Environment.UserName == "root")
        {
            await RunAsync("chown", [$"{NobodyId}:{NobodyId}", folder], ct);
        }

        var server = new PrivatePostgres(folder, LoopbackPorts.Free());
        var data = Path.Combine(folder, "data");
        await AsServerAsync("initdb", ["-D", data, "-U", "flagstone", "--auth=trust", "-E", "UTF8", "--no-sync"], ct);
        var settings = string.Create(CultureInfo.InvariantCulture,
            $"-c port={server.Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=200 -c shared_buffers=256MB");
        await AsServerAsync("pg_ctl", ["-D", data, "-l", Path.Combine(folder, "log"), "-o", settings, "-w", "-t", "60", "start"], ct);
        return server;
    }

    /// <summary>The URL of a new, empty database.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken ct)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref databases)}");
        await AsServerAsync("createdb", ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "flagstone", name], ct);
        return string.Create(CultureInfo.InvariantCulture, $"postgresql://flagstone@127.0.0.1:{Port}/{name}");
    }

    public async ValueTask DisposeAsync()
    {
        await AsServerAsync("pg_ctl", ["-D", Path.Combine(folder, "data"), "-m", "immediate", "-w", "stop"], CancellationToken.None);
        Directory.Delete(folder, recursive: true);
    }

    private static Task AsServerAsync(string program, string[] arguments, CancellationToken ct)
    {
        var binary = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal)
            .Select(version => Path.Combine(version, "bin", program)).LastOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"PostgreSQL's {program} is not on this machine. Install it: apt-get install postgresql");
        return Environment.UserName == "root"
            ? RunAsync("setpriv", ["--reuid", NobodyId, "--regid", NobodyId, "--clear-groups", binary, .. arguments], ct)
            : RunAsync(binary, arguments, ct);
    }

    private static async Task RunAsync(string program, string[] arguments, CancellationToken ct)
    {
        var log = Path.GetTempFileName();
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo("/bin/sh")
            {
                WorkingDirectory = "/",
                // The server outlives the program that starts it, and would hold a pipe of ours open.
                ArgumentList = { "-c", "log=$1; shift; exec \"$@\" </dev/null >\"$log\" 2>&1", "sh", log, program },
            },
        };
        foreach (var argument in arguments)
        {
            process.StartInfo.ArgumentList.Add(argument);
        }

        process.Start();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(StartTimeout);
        await process.WaitForExitAsync(timeout.Token);
        var output = await File.ReadAllTextAsync(log, ct);
        File.Delete(log);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
        }
    }
}
