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
    TimeProvider clock, ILoggerFactory loggers, ILogger<PeopleWorker> logger) : WorkingService(lifetime, clock)
{
    /// <summary>New namespaces are seen after this; while the platform's own is not there yet, sooner.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    protected override bool IsNeeded => installation.Elsewhere is not null && PeopleQueue.IsServed;

    protected override async Task WorkAsync()
    {
        var running = new Dictionary<string, (CancellationTokenSource Stop, Task Work)>(StringComparer.Ordinal);
        TemporalConnection? connection = null;
        while (!Stop.IsCancellationRequested)
        {
            var next = Pause;
            try
            {
                connection ??= await ConnectAsync();
                var names = await namespaces.ListAsync(Stop);
                await FollowAsync(running, connection, names);
                next = names.Contains(own.Name) ? Period : Soon;
            }
            catch (Exception e) when (!Stop.IsCancellationRequested)
            {
                LogNotListed(e.Message, next.TotalSeconds);
            }
            catch (OperationCanceledException)
            {
                // It was told to stop.
            }

            await Task.Delay(next, Clock, Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            var until = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            running[name] = (until, Task.Run(
                () => KeepAsync(ct => RunAsync(connection!, name, ct), e => LogEnded(e, name, Pause.TotalSeconds), until.Token), CancellationToken.None));
        }
    }

    private async Task RunAsync(TemporalConnection connection, string name, CancellationToken ct)
    {
        var client = new TemporalClient(connection, new() { Namespace = name, LoggerFactory = loggers });
        using var worker = new TemporalWorker(client, new TemporalWorkerOptions(PeopleQueue.Name)
        {
            MaxConcurrentActivities = 20, MaxConcurrentActivityTaskPolls = 2, LoggerFactory = loggers,
        }.AddAllActivities(activity));
        await worker.ExecuteAsync(ct);
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The Temporal server's namespaces, whose workflows ask people, are not known now; it is tried again in {Seconds} s: {Why}")]
    private partial void LogNotListed(string why, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What workflows of namespace {Namespace} ask people is not taken now; it is tried again in {Seconds} s")]
    private partial void LogEnded(Exception exception, string @namespace, double seconds);
}
