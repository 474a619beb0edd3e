using Flagstone.Workflows.Processes;
using Flagstone.Workflows.Servers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Temporalio.Client;
using Temporalio.Worker;

namespace Flagstone.Workflows.People.Outside;

/// <summary>
/// Works on <see cref="PeopleQueue"/> at the server elsewhere, in each process of the installation: by a worker of the SDK for each namespace. Where the
/// server is embedded it does nothing, as people's tasks are made by the runs themselves.
/// </summary>
internal sealed partial class PeopleWorker(
    InstallationServer installation, PeopleNamespaces namespaces, PlatformNamespace own, PeopleActivity activity, IHostApplicationLifetime lifetime,
    TimeProvider clock, ILoggerFactory loggers, ILogger<PeopleWorker> logger) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>New namespaces are seen after this; while the platform's own is not there yet, sooner.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stop = new();
    private Task work = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (installation.Elsewhere is not null && PeopleQueue.IsServed)
        {
            lifetime.ApplicationStarted.Register(() => work = Task.Run(WorkAsync, CancellationToken.None));
        }

        return Task.CompletedTask;
    }

    /// <summary>Before the silo ends: what was polled can still be stored.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await stop.CancelAsync();
        await Task.WhenAny(work, Task.Delay(PlatformWorker.LongestStop, clock, cancellationToken));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => stop.Dispose();

    private async Task WorkAsync()
    {
        var running = new Dictionary<string, (CancellationTokenSource Stop, Task Work)>(StringComparer.Ordinal);
        TemporalConnection? connection = null;
        while (!stop.IsCancellationRequested)
        {
            var next = Pause;
            try
            {
                connection ??= await ConnectAsync();
                var names = await namespaces.ListAsync(stop.Token);
                await FollowAsync(running, connection, names);
                next = names.Contains(own.Name) ? Period : Soon;
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogNotListed(e.Message, next.TotalSeconds);
            }
            catch (OperationCanceledException)
            {
                // It was told to stop.
            }

            await Task.Delay(next, clock, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await FollowAsync(running, connection, []);
    }

    private Task<TemporalConnection> ConnectAsync()
    {
        var at = OtherServers.OptionsOf(installation.Elsewhere!);
        at.Identity = $"{OutsideActivities.Identity}@{Environment.MachineName}";
        return TemporalConnection.ConnectAsync(at);
    }

    /// <summary>Lets the namespaces that are named be worked on, and no other.</summary>
    private async Task FollowAsync(
        Dictionary<string, (CancellationTokenSource Stop, Task Work)> running, TemporalConnection? connection, IReadOnlyList<string> names)
    {
        var ending = running.Where(r => !names.Contains(r.Key)).ToList();
        foreach (var (_, ended) in ending)
        {
            await ended.Stop.CancelAsync();
        }

        foreach (var (name, ended) in ending)
        {
            await ended.Work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended.Stop.Dispose();
            running.Remove(name);
        }

        foreach (var name in names.Where(n => !running.ContainsKey(n)))
        {
            var until = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            running[name] = (until, Task.Run(() => RunAsync(connection!, name, until.Token), CancellationToken.None));
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Whatever ends the worker, it is started again.")]
    private async Task RunAsync(TemporalConnection connection, string name, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var client = new TemporalClient(connection, new() { Namespace = name, LoggerFactory = loggers });
                using var worker = new TemporalWorker(client, new TemporalWorkerOptions(PeopleQueue.Name)
                {
                    MaxConcurrentActivities = 20, MaxConcurrentActivityTaskPolls = 2, LoggerFactory = loggers,
                }.AddAllActivities(activity));
                await worker.ExecuteAsync(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                LogEnded(e, name, Pause.TotalSeconds);
                await Task.Delay(Pause, clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                // It was told to stop.
            }
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The Temporal server's namespaces, whose workflows ask people, are not known now; it is tried again in {Seconds} s: {Why}")]
    private partial void LogNotListed(string why, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What workflows of namespace {Namespace} ask people is not taken now; it is tried again in {Seconds} s")]
    private partial void LogEnded(Exception exception, string @namespace, double seconds);
}
