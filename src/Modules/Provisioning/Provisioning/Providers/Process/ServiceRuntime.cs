using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Flagstone.Platform.Data;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>
/// The processes of the services on this machine: adopts at start those that a killed platform left, starts and ends them as their
/// grains say, and stops them with the host.
/// </summary>
internal sealed partial class ServiceRuntime(DataFolder data, ControlGroups groups, TimeProvider clock, ILogger<ServiceRuntime> logger)
    : IRuntime, IHostedLifecycleService
{
    public static readonly KindId Deployments = new("deployments", "apps");

    private const int MaxLogLines = 1000;
    private const long MaxLogBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan Steady = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<ResourceKey, ConcurrentDictionary<string, RunningService>> services = new();
    private readonly ConcurrentDictionary<ResourceKey, ServiceState> states = new();
    private readonly ConcurrentDictionary<ResourceKey, StrongBox<uint>> turns = new();
    private volatile bool stopping;

    public ServiceState? Find(string ns, string name) => states.GetValueOrDefault(new ResourceKey(Deployments, ns, name));

    public IReadOnlyList<ServiceState> List(string? ns) =>
        [.. states.Values.Where(s => ns is null || s.Namespace == ns).OrderBy(s => s.Namespace, StringComparer.Ordinal).ThenBy(s => s.Name, StringComparer.Ordinal)];

    public int? PortOf(string ns, string name)
    {
        var key = new ResourceKey(Deployments, ns, name);
        if (states.GetValueOrDefault(key)?.Ports is not { Count: > 0 } ports)
        {
            return null;
        }

        var turn = Interlocked.Increment(ref turns.GetOrAdd(key, _ => new StrongBox<uint>()).Value);
        return ports[(int)(turn % (uint)ports.Count)];
    }

    public async Task<IReadOnlyList<string>> RecentLogsAsync(string ns, string name, int lines, CancellationToken ct)
    {
        var key = new ResourceKey(Deployments, ns, name);
        var file = ServiceFolder.Of(data, key).Log;
        if (!states.ContainsKey(key) || !File.Exists(file))
        {
            return [];
        }

        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(-Math.Min(stream.Length, 256 * 1024), SeekOrigin.End);
        using var reader = new StreamReader(stream);
        return (await reader.ReadToEndAsync(ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(Math.Clamp(lines, 0, MaxLogLines)).ToList();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var ns in Folders(data.In("apps")))
        {
            foreach (var service in Folders(ns))
            {
                Adopt(new ResourceKey(Deployments, Path.GetFileName(ns), Path.GetFileName(service)));
            }
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>After the silo, whose grains would start again what ends.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        stopping = true;
        await Task.WhenAll(services.Keys.Select(key => EndAsync(key, [])));
    }

    public void Report(ResourceKey key, ServiceState? state)
    {
        if (state is null)
        {
            states.TryRemove(key, out _);
            turns.TryRemove(key, out _);
            return;
        }

        states[key] = state;
    }

    /// <summary>All that run, or should, of a service; the one that answers first.</summary>
    public IReadOnlyList<RunningService> Of(ResourceKey key) =>
        services.TryGetValue(key, out var all) ? [.. all.Values.OrderByDescending(s => s.Answers)] : [];

    public RunningService? Find(ResourceKey key, string instance) =>
        services.TryGetValue(key, out var all) && all.TryGetValue(instance, out var found) ? found : null;

    /// <summary>Starts a process, or starts it again when it has ended and its backoff has passed.</summary>
    public RunningService Ensure(ResourceKey key, ServiceInstance wanted, ServiceLimits limits, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var service = services.GetOrAdd(key, _ => new(StringComparer.Ordinal)).GetOrAdd(wanted.Id, _ => new RunningService(wanted));
        if (stopping || service.IsAlive || clock.GetUtcNow() < service.NotBefore)
        {
            return service;
        }

        if (service.Process.Pid > 0 && service.Starts > 0)
        {
            // What is left of its group would hold its port.
            Processes.SignalGroup(service.Process.Pid, Processes.Killed);
        }

        var folder = ServiceFolder.Of(data, key);
        folder.Make();
        // The record is there before the process is; the process itself writes its number before it becomes the service.
        service.Instance.Write(folder.Record(wanted.Id));
        service.Process = Processes.StartDetached(command, "/", folder.Pid(wanted.Id), folder.Log, environment, groups.Make(GroupOf(key, wanted.Id), limits) ?? "");
        service.Starts = clock.GetUtcNow() - service.NotBefore > Steady ? 1 : service.Starts + 1;
        service.Answers = false;
        service.NotBefore = clock.GetUtcNow() + Backoff.After(service.Starts, 0);
        LogStarted(key.Display, service.Instance.Commit, service.Process.Pid, service.Instance.Port);
        return service;
    }

    /// <summary>Ends all processes of a service but some, gently first.</summary>
    public async Task EndAsync(ResourceKey key, IReadOnlyCollection<string> keep)
    {
        if (!services.TryGetValue(key, out var all))
        {
            return;
        }

        await Task.WhenAll(all.Values.Where(s => !keep.Contains(s.Instance.Id)).Select(async service =>
        {
            await EndAsync(service);
            Forget(key, service.Instance.Id);
            groups.Remove(GroupOf(key, service.Instance.Id));
            all.TryRemove(service.Instance.Id, out _);
        }));
    }

    /// <summary>Keeps the log from growing: the process goes on writing at the end of the emptied file.</summary>
    public void RotateLog(ResourceKey key)
    {
        var log = new FileInfo(ServiceFolder.Of(data, key).Log);
        if (log.Exists && log.Length > MaxLogBytes)
        {
            File.Copy(log.FullName, log.FullName + ".1", overwrite: true);
            using var emptied = new FileStream(log.FullName, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite);
        }
    }

    private async Task EndAsync(RunningService service)
    {
        var group = service.Process.Pid;
        if (group <= 0 || (service.Starts == 0 && !service.IsAlive))
        {
            return;
        }

        // A process that was just started has no group of its own yet: it is asked again until it is gone.
        var since = clock.GetTimestamp();
        while (Processes.GroupLives(group) || service.IsAlive)
        {
            var patient = clock.GetElapsedTime(since) < TimeSpan.FromSeconds(service.Instance.GraceSeconds);
            Processes.SignalGroup(group, patient ? Processes.Terminate : Processes.Killed);
            await Task.Delay(Pause, clock, CancellationToken.None);
        }
    }

    private void Adopt(ResourceKey key)
    {
        var folder = ServiceFolder.Of(data, key);
        folder.Close();
        foreach (var file in Directory.GetFiles(folder.Runs, "*.json"))
        {
            var id = Path.GetFileNameWithoutExtension(file);
            if (ServiceInstance.Read(file) is { } instance && File.Exists(folder.Pid(id))
                && ProcessId.TryParse(File.ReadAllText(folder.Pid(id)), out var process) && Processes.IsAlive(process))
            {
                services.GetOrAdd(key, _ => new(StringComparer.Ordinal))[id] = new RunningService(instance) { Process = process };
                LogAdopted(key.Display, instance.Commit, process.Pid, instance.Port);
                continue;
            }

            Forget(key, id);
        }
    }

    private void Forget(ResourceKey key, string id)
    {
        var folder = ServiceFolder.Of(data, key);
        if (Directory.Exists(folder.Runs))
        {
            File.Delete(folder.Record(id));
            File.Delete(folder.Pid(id));
        }
    }

    // Two installations on one machine may run services of one name.
    private string GroupOf(ResourceKey key, string id) =>
        $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data.Path)))[..12]}-{key.Namespace}-{key.Name}-{id}";

    private static string[] Folders(string path) => Directory.Exists(path) ? Directory.GetDirectories(path) : [];

    [LoggerMessage(Level = LogLevel.Information, Message = "Started service {Service} at {Commit} as process {Pid} on port {Port}")]
    private partial void LogStarted(string service, string commit, int pid, int port);

    [LoggerMessage(Level = LogLevel.Information, Message = "Adopted service {Service} at {Commit}, process {Pid} on port {Port}")]
    private partial void LogAdopted(string service, string commit, int pid, int port);
}

/// <summary>A process of a service while the platform looks after it.</summary>
internal sealed class RunningService(ServiceInstance instance)
{
    public ServiceInstance Instance { get; } = instance;

    public ProcessId Process { get; set; }

    /// <summary>How often it was started here.</summary>
    public int Starts { get; set; }

    /// <summary>Whether it answered when it was asked last.</summary>
    public bool Answers { get; set; }

    /// <summary>Before this it is not started again.</summary>
    public DateTimeOffset NotBefore { get; set; }

    public bool IsAlive => Process.Pid > 0 && Processes.IsAlive(Process);
}
