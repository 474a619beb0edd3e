using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net;
using Flagstone.Platform.Data;

namespace Flagstone.Testing;

/// <summary>The real host as a process of its own, on free ports over a temporary data folder. It can be killed and started again.</summary>
public sealed class RunningHost : IAsyncDisposable
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(60);

    private readonly string[] arguments;
    private readonly string binary;
    private readonly string? logs;
    private Process? process;

    private RunningHost(string data, string binary, string[] arguments, int port, int kubernetesPort, int appsPort, int temporalPort, int siloPort, string? logs)
    {
        this.logs = logs;
        Data = data;
        this.binary = binary;
        this.arguments = arguments;
        Port = port;
        KubernetesPort = kubernetesPort;
        AppsPort = appsPort;
        TemporalPort = temporalPort;
        SiloPort = siloPort;
    }

    public string Data { get; }

    public int Port { get; }

    public int KubernetesPort { get; }

    public int AppsPort { get; }

    public int TemporalPort { get; }

    public int SiloPort { get; }

    public string Kubeconfig => Path.Combine(Data, "kubeconfig");

    public string Token => File.ReadAllText(Path.Combine(Data, "admin.token")).Trim();

    public int ProcessId => process!.Id;

    /// <summary>How the process ended; once it has.</summary>
    public int ExitCode => process!.ExitCode;

    private string LogFile => Path.Combine(logs ?? Path.GetDirectoryName(Data)!, Path.GetFileName(Data) + ".log");

    /// <param name="database"><c>sqlite</c> or a PostgreSQL URL.</param>
    /// <param name="logs">The folder of the log file; beside the data folder unless given.</param>
    /// <param name="settings">Further settings, as <c>--Flagstone:KEY=VALUE</c>.</param>
    public static async Task<RunningHost> StartAsync(CancellationToken ct, string database = "sqlite", string? data = null, string? binary = null, bool confined = false,
        string? logs = null, params IReadOnlyList<string> settings)
    {
        data ??= Directory.CreateTempSubdirectory("flagstone-host-").FullName;
        // Services and their database server run as another user, who must be able to pass through to what is theirs.
        File.SetUnixFileMode(data, File.GetUnixFileMode(data) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var (port, kubernetes, apps, temporal, silo) = (LoopbackPorts.Free(), LoopbackPorts.Free(), LoopbackPorts.Free(), LoopbackPorts.Free(), LoopbackPorts.Free());
        string[] arguments = ["--data", data, "--database", database, "--port", Text(port), "--k8s-port", Text(kubernetes), "--apps-port", Text(apps),
            "--temporal-port", Text(temporal), "--silo-port", Text(silo), .. settings];
        var program = binary ?? Path.Combine(AppContext.BaseDirectory, "flagstone");
        if (confined)
        {
            arguments = [.. Confinement(data), CopyForAnyone(Path.GetDirectoryName(program)!, data), .. arguments];
            program = arguments[0];
            arguments = arguments[1..];
        }

        var host = new RunningHost(data, program, arguments, port, kubernetes, apps, temporal, silo, logs);
        try
        {
            await host.StartAgainAsync(ct);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Another process of this installation, over the same database, with a data folder of its own and the keys and the Git folder of this one.</summary>
    public Task<RunningHost> StartReplicaAsync(string database, CancellationToken ct) => StartAsync(ct, database, FolderWithKeys(), binary);

    /// <summary>A data folder with what processes share, as the guide says: <c>cp -a FIRST/keys NEW/ &amp;&amp; ln -s FIRST/git NEW/</c>.</summary>
    public string FolderWithKeys()
    {
        var data = Directory.CreateTempSubdirectory("flagstone-host-").FullName;
        using var copy = Process.Start("cp", ["-a", Path.Combine(Data, "keys"), data + "/"]);
        copy.WaitForExit();
        Directory.CreateSymbolicLink(Path.Combine(data, "git"), Path.Combine(Data, "git"));
        return data;
    }

    public async Task StartAgainAsync(CancellationToken ct)
    {
        process = new Process { StartInfo = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1", "sh", LogFile, binary } } };
        foreach (var argument in arguments)
        {
            process.StartInfo.ArgumentList.Add(argument);
        }

        process.Start();
        using var client = new HttpClient();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(ReadyTimeout);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (!await IsReadyAsync(client, timeout.Token))
        {
            await pace.WaitForNextTickAsync(CancellationToken.None);
            if (process.HasExited || timeout.IsCancellationRequested)
            {
                throw new InvalidOperationException($"The host did not get ready (exited: {process.HasExited}). Its log:\n{Log()}");
            }
        }
    }

    /// <summary>What the log holds that an operator should not see at a healthy start, work and stop: warnings, errors, and text that is no log line.</summary>
    public IReadOnlyList<string> Complaints() =>
        [.. Log().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith('{')
            ? !line.Contains("\"LogLevel\":\"Information\"", StringComparison.Ordinal)
            : line.StartsWith("   at ", StringComparison.Ordinal) || line.Contains("exception", StringComparison.OrdinalIgnoreCase))];

    /// <summary>Ends the process as a crash would.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    /// <summary>Stops the process where it is, as a long pause of its machine would; <see cref="ThawAsync"/> lets it go on.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    public HttpClient Client(string? token = null)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token);
        return client;
    }

    /// <summary>A client of the Kubernetes API that takes the installation's own certificate.</summary>
    public HttpClient KubernetesClient(string? token = null)
    {
#pragma warning disable CA5400 // The certificate is that of an authority made a moment ago; there is no revocation list.
        var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate?.Issuer == "CN=Flagstone local authority" };
        var client = new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{KubernetesPort}") };
#pragma warning restore CA5400
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token);
        return client;
    }

    public string Log() => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "(no log)";

    /// <summary>Ends the process as an operator would.</summary>
    public async Task StopAsync()
    {
        if (process is { HasExited: false })
        {
            // A graceful stop ends the children too.
            using var stop = Process.Start("kill", Text(process.Id));
            await stop.WaitForExitAsync();
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            try
            {
                await process.WaitForExitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }

    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", Text(process!.Id)]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        process?.Dispose();
        Directory.Delete(Data, recursive: true);
        File.Delete(LogFile);
        if (Directory.Exists(Data + ".app"))
        {
            Directory.Delete(Data + ".app", recursive: true);
        }
    }

    /// <summary>A copy of the published program where any user can read it, as the image has it under <c>/opt</c>.</summary>
    private static string CopyForAnyone(string folder, string data)
    {
        var copy = data + ".app";
        using var copying = Process.Start("cp", ["-r", folder, copy]);
        copying.WaitForExit();
        return Path.Combine(copy, "flagstone");
    }

    /// <summary>What the image's container does: another user than root, and nothing to write to but the volume.</summary>
    private static string[] Confinement(string data)
    {
        string[] box =
        [
            "bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--unshare-pid", "--proc", "/proc", "--bind", data, data, "--die-with-parent",
            "--setenv", "HOME", data, "--setenv", "TMPDIR", Path.Combine(data, "tmp"), "--setenv", "npm_config_cache", Path.Combine(data, "npm-cache"),
        ];
        Directory.CreateDirectory(Path.Combine(data, "tmp"));
        if (Environment.UserName != "root")
        {
            return box;
        }

        using var own = Process.Start("chown", ["-R", "65534:65534", data]);
        own.WaitForExit();
        return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", .. box];
    }

    private async Task<bool> IsReadyAsync(HttpClient client, CancellationToken ct)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{Port}/readyz"), ct);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
        {
            // A start probes its ports first: who connects just then is cut off.
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
