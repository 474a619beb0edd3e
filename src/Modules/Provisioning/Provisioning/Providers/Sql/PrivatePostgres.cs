using System.Globalization;
using System.Text;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>
/// A PostgreSQL server of this installation alone, made of the machine's binaries at first use: loopback only, passwords by SCRAM, an
/// unprivileged user when the platform runs as root. It outlives a killed platform, which finds it again, and stops with a stopped one.
/// </summary>
internal sealed partial class PrivatePostgres(DataFolder folder, PlatformOptions options, TimeProvider clock, ILogger<PrivatePostgres> logger)
    : ISqlServer, IHostedLifecycleService, IDisposable
{
    private const string Loopback = "127.0.0.1";
    private const string Superuser = "flagstone";
    private static readonly TimeSpan InitLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim gate = new(1, 1);
    private PostgresConnections? connections;
    private bool stopped;

    public string Host => Loopback;

    /// <summary>The port, once the server runs.</summary>
    public int Port { get; private set; }

    private string Root => folder.In("postgres");

    private string DataPath => Path.Combine(Root, "data");

    private bool HasData => File.Exists(Path.Combine(DataPath, "PG_VERSION"));

    private string PortFile => Path.Combine(Root, "port");

    /// <summary>Ends when the server of an earlier start is back, or has failed to come; nothing waits for it but a test.</summary>
    internal Task Return { get; private set; } = Task.CompletedTask;

    /// <summary>A connection as superuser; starts the server when it does not run.</summary>
    public Task<NpgsqlConnection> OpenAsync(CancellationToken ct) => OpenAsync(c => c.OpenAsync(ct), ct);

    public Task<NpgsqlConnection> OpenAsync(string database, CancellationToken ct) => OpenAsync(c => c.OpenAsync(database, ct), ct);

    public async Task<bool> RefusesAsync(string username, string password, CancellationToken ct)
    {
        await RunAsync(ct);
        return await connections!.RefusesAsync(username, password, ct);
    }

    /// <summary>
    /// Before anything else of the host, and beside it: the databases behind claims are there without the platform having to look at one.
    /// A reconcile that comes meanwhile waits for the same start.
    /// </summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.IsEmbedded && HasData)
        {
            Return = Task.Run(BringBackAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>After the silo, whose grains use the server to the end.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(CancellationToken.None);
        try
        {
            stopped = true;
            if (connections is not null)
            {
                await connections.DisposeAsync();
            }

            if (Running() is not { } server)
            {
                return;
            }

            // SIGINT is PostgreSQL's fast shutdown: connections are cut, nothing committed is lost.
            Processes.Signal(server.Pid, Processes.Interrupt);
            var since = clock.GetTimestamp();
            while (Running() is not null && clock.GetElapsedTime(since) < StopLimit)
            {
                await Task.Delay(Pause, clock, CancellationToken.None);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose()
    {
        connections?.Dispose();
        gate.Dispose();
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "The host starts without the server; who needs it tries again, and says why not.")]
    private async Task BringBackAsync()
    {
        var since = clock.GetTimestamp();
        try
        {
            await RunAsync(CancellationToken.None);
            var took = clock.GetElapsedTime(since);
            LogBack(Port, took);
        }
        catch (Exception e)
        {
            LogNotBack(e);
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(Func<PostgresConnections, Task<NpgsqlConnection>> open, CancellationToken ct)
    {
        await RunAsync(ct);
        try
        {
            return await open(connections!);
        }
        catch (NpgsqlException e)
        {
            throw new PostgresUnavailableException($"The private PostgreSQL server does not answer: {e.Message} Its log is in {Root}/log.");
        }
    }

    /// <summary>Adopts the server or starts it, once whoever comes.</summary>
    private async Task RunAsync(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            if (stopped)
            {
                throw new PostgresUnavailableException("The platform is stopping, and its PostgreSQL server with it.");
            }

            if (connections is null || Running() is null)
            {
                await StartServerAsync(ct);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            throw new PostgresUnavailableException($"The private PostgreSQL server in {Root} cannot be started: {e.Message}");
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task StartServerAsync(CancellationToken ct)
    {
        var binaries = await PostgresBinaries.FindAsync(ct);
        if (!HasData)
        {
            await InitializeAsync(binaries, ct);
        }

        if (Running() is { } adopted)
        {
            Port = adopted.Port;
            LogAdopted(adopted.Pid, Port);
        }
        else
        {
            Port = RememberedPort();
            Processes.StartDetached(
                UnprivilegedUser.Command("postgres",
                [
                    Path.Combine(binaries, "postgres"), "-D", DataPath, "-p", Port.ToString(CultureInfo.InvariantCulture),
                    "-c", $"listen_addresses={Loopback}", "-c", "unix_socket_directories=", "-c", "password_encryption=scram-sha-256",
                    "-c", "logging_collector=on", "-c", "log_directory=../log", "-c", "log_filename=postgresql-%a.log",
                    "-c", "log_rotation_age=1d", "-c", "log_truncate_on_rotation=on", "-c", "shared_buffers=32MB", "-c", "max_connections=200",
                ]), Root, Path.Combine(Root, "server.pid"), Path.Combine(Root, "start.log"));
        }

        if (connections is not null)
        {
            await connections.DisposeAsync();
        }

        connections = new PostgresConnections(new NpgsqlConnectionStringBuilder
        {
            Host = Loopback, Port = Port, Username = Superuser, Password = Password(), Database = "postgres", MaxPoolSize = 8, Timeout = 5, ApplicationName = "flagstone",
        });
        await AnswersAsync(ct);
    }

    private async Task InitializeAsync(string binaries, CancellationToken ct)
    {
        var (made, passwordFile) = (Path.Combine(Root, "data.new"), Path.Combine(Root, "password"));
        Directory.CreateDirectory(Root);
        if (Directory.Exists(made))
        {
            // What a killed start left half done.
            Directory.Delete(made, recursive: true);
        }

        DataFolder.WritePrivate(passwordFile, Encoding.ASCII.GetBytes(Password() + "\n"));
        await UnprivilegedUser.OwnAsync("postgres", Root, ct);
        var (exit, output) = await Processes.RunAsync(
            UnprivilegedUser.Command("postgres",
            [
                Path.Combine(binaries, "initdb"), "-D", made, "-U", Superuser, "--auth=scram-sha-256", $"--pwfile={passwordFile}", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions",
            ]), "/", InitLimit, ct);
        File.Delete(passwordFile);
        if (exit != 0)
        {
            throw new PostgresUnavailableException(
                $"initdb failed in {Root}: {output} Each folder above it must let other users pass (mode x) when the platform runs as root.");
        }

        Directory.Move(made, DataPath);
    }

    private async Task AnswersAsync(CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await connections!.OpenAsync(ct);
                return;
            }
            catch (NpgsqlException e)
            {
                if (clock.GetElapsedTime(since) > StartLimit || e.SqlState == PostgresErrorCodes.InvalidPassword)
                {
                    throw new PostgresUnavailableException($"The private PostgreSQL server did not come up: {e.Message} Its logs are {Root}/start.log and {Root}/log.");
                }
            }

            await Task.Delay(Pause, clock, ct);
        }
    }

    /// <summary>The server that holds our data, by its own pid file; null when none lives.</summary>
    private (int Pid, int Port)? Running()
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(DataPath, "postmaster.pid"));
            if (lines.Length > 3 && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var pid) && int.TryParse(lines[3], CultureInfo.InvariantCulture, out var port)
                && File.ReadAllText($"/proc/{pid}/cmdline").Contains(DataPath, StringComparison.Ordinal))
            {
                return (pid, port);
            }
        }
        catch (IOException)
        {
            // No pid file, or a process that is gone.
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's process has got the number.
        }

        return null;
    }

    private int RememberedPort()
    {
        if (File.Exists(PortFile) && int.TryParse(File.ReadAllText(PortFile), CultureInfo.InvariantCulture, out var port) && LoopbackPorts.IsFree(port))
        {
            return port;
        }

        var free = LoopbackPorts.Free();
        File.WriteAllText(PortFile, free.ToString(CultureInfo.InvariantCulture));
        return free;
    }

    private string Password() => Convert.ToHexStringLower(folder.Key("postgres.key"));

    [LoggerMessage(Level = LogLevel.Information, Message = "Adopted the private PostgreSQL server that runs as process {Pid} on port {Port}")]
    private partial void LogAdopted(int pid, int port);

    [LoggerMessage(Level = LogLevel.Information, Message = "The private PostgreSQL server is back on port {Port} after {Took}")]
    private partial void LogBack(int port, TimeSpan took);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The private PostgreSQL server is not back; it is started again when something needs it")]
    private partial void LogNotBack(Exception exception);
}
