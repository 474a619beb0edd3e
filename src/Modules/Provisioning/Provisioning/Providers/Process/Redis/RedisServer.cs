using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Flagstone.Platform.Data;

namespace Flagstone.Provisioning.Providers.Process.Redis;

/// <summary>One server and its folder: <c>DIR/redis/NAME</c>. It outlives a killed platform, which finds it again.</summary>
internal sealed class RedisServer(DataFolder data, string name)
{
    private const string Program = "redis-server";
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private string Folder => data.In("redis", name);

    private string Kept => Path.Combine(Folder, "data");

    private string Settings => Path.Combine(Folder, "conf");

    private string SettingsFile => Path.Combine(Settings, "redis.conf");

    private string PidFile => Path.Combine(Folder, "pid");

    private string LogFile => Path.Combine(Folder, "log");

    public bool Exists => File.Exists(SettingsFile);

    /// <summary>0 while it has none.</summary>
    public int Port => Setting("port") is { } text && int.TryParse(text, CultureInfo.InvariantCulture, out var port) ? port : 0;

    public string Password => Setting("requirepass") ?? "";

    public string MaxMemory => Setting("maxmemory") ?? "";

    public bool Runs => Running() is not null;

    public static bool IsInstalled => File.Exists($"/usr/bin/{Program}");

    /// <summary>Writes what it is to be at its next start; it does not run.</summary>
    public async Task ConfigureAsync(string password, string maxMemory, CancellationToken ct)
    {
        // Others may hold its port by now; the new one goes to its connection secret.
        var port = Port > 0 && LoopbackPorts.IsFree(Port) ? Port : LoopbackPorts.Free();
        PrivateFiles.MakePassage(Path.GetDirectoryName(Folder)!);
        PrivateFiles.MakePassage(Folder);
        foreach (var folder in (string[])[Kept, Settings])
        {
            Directory.CreateDirectory(folder, PrivateFiles.Folder);
        }

        await File.WriteAllTextAsync($"{SettingsFile}.part", string.Create(CultureInfo.InvariantCulture, $"""
            bind 127.0.0.1
            protected-mode yes
            port {port}
            requirepass {password}
            dir /data
            appendonly yes
            maxmemory {maxMemory}
            maxmemory-policy allkeys-lru
            enable-module-command no
            enable-debug-command no

            """), ct);
        File.Move($"{SettingsFile}.part", SettingsFile, overwrite: true);
        await UnprivilegedUser.OwnAsync(Sandbox.User, Kept, ct);
        await UnprivilegedUser.OwnAsync(Sandbox.User, Settings, ct);
    }

    /// <summary>Ends when the process is recorded, or is gone: who looked before would take it for one that does not run, and start a second.</summary>
    public async Task StartAsync(TimeProvider clock, CancellationToken ct)
    {
        var started = Processes.StartDetached(
            Sandbox.Command(Settings, new(Kept, "/data", Writable: true), null, [$"/usr/bin/{Program}", "/app/redis.conf"], writable: true), Folder, PidFile, LogFile);
        while (!File.Exists(PidFile) && Processes.IsAlive(started))
        {
            await Task.Delay(Pause, clock, ct);
        }
    }

    /// <summary>False when it still runs: even a killed process may hang in the kernel, on a disk that does not answer.</summary>
    public async Task<bool> StopAsync(TimeProvider clock)
    {
        if (Running() is not { } process)
        {
            return true;
        }

        var since = clock.GetTimestamp();
        while (Processes.GroupLives(process.Pid))
        {
            var waited = clock.GetElapsedTime(since);
            if (waited > StopLimit + KillLimit)
            {
                return false;
            }

            // Redis writes what it holds at the first, after the sandbox around it has ended; who does not end is ended.
            Processes.SignalGroup(process.Pid, waited < StopLimit ? Processes.Terminate : Processes.Killed);
            await Task.Delay(Pause, clock, CancellationToken.None);
        }

        return true;
    }

    public void Forget()
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>Null when it answers; else why it does not.</summary>
    public async Task<string?> WhySilentAsync(CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(AnswerLimit);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port, deadline.Token);
            await using var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {Password}\r\nPING\r\n"), deadline.Token);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            var (first, second) = (await reader.ReadLineAsync(deadline.Token), await reader.ReadLineAsync(deadline.Token));
            return (first, second) == ("+OK", "+PONG") ? null : $"the server answers {first ?? "nothing"}";
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return "the server does not answer yet";
        }
    }

    private ProcessId? Running() =>
        File.Exists(PidFile) && ProcessId.TryParse(File.ReadAllText(PidFile), out var id) && Processes.IsAlive(id) ? id : null;

    private string? Setting(string word) => File.Exists(SettingsFile)
        ? File.ReadLines(SettingsFile).Select(l => l.Split(' ', 2)).FirstOrDefault(l => l.Length == 2 && l[0] == word)?[1] : null;
}
