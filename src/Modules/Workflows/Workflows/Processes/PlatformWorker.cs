using Flagstone.Platform;
using Flagstone.Platform.Identity;
using Flagstone.Workflows.Contracts;
using Flagstone.Workflows.Servers;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Temporalio.Client;
using Temporalio.Worker;

namespace Flagstone.Workflows.Processes;

/// <summary>
/// Works on the platform's own processes, in each process of the installation: by the SDK's worker, as anybody's workflows are worked on, at the embedded
/// server or at the one elsewhere. While that does not answer, it tries again.
/// </summary>
internal sealed partial class PlatformWorker(
    InstallationServer installation, ITemporalNamespaces namespaces, PlatformNamespace own, OwnConnection connection, ProcessActivities activities,
    IServer server, PlatformOptions options, IHostApplicationLifetime lifetime, TimeProvider clock, ILoggerFactory loggers, ILogger<PlatformWorker> logger)
    : WorkingService(lifetime, clock)
{
    public const string TaskQueue = "flagstone-processes";

    protected override Task WorkAsync() => KeepAsync(RunAsync, e => LogEnded(e, Pause.TotalSeconds), Stop);

    private async Task RunAsync(CancellationToken ct)
    {
        await EnsureNamespaceAsync();
        var at = installation.Elsewhere is { } elsewhere ? OtherServers.OptionsOf(elsewhere)
            : new(OwnConnection.AddressOf(server, options)) { ApiKey = connection.Key, Tls = new TlsOptions { Disabled = true } };
        var client = await TemporalClient.ConnectAsync(new TemporalClientConnectOptions
        {
            TargetHost = at.TargetHost, ApiKey = at.ApiKey, Tls = at.Tls,
            Namespace = own.Name, Identity = $"flagstone@{Environment.MachineName}", LoggerFactory = loggers,
        });
        using var worker = new TemporalWorker(client, new TemporalWorkerOptions(TaskQueue)
        {
            MaxCachedWorkflows = 100, MaxConcurrentActivities = 20, LoggerFactory = loggers,
        }.AddWorkflow<ProcessWorkflow>().AddAllActivities(activities));
        await worker.ExecuteAsync(ct);
    }

    private async Task EnsureNamespaceAsync()
    {
        if (await namespaces.FindAsync(null, own.Name, Stop) is not null)
        {
            return;
        }

        try
        {
            await namespaces.CreateAsync(null, own.Name, "flagstone", PlatformNamespace.Settings, Stop);
        }
        catch (TemporalCallException e) when (e.IsRefusal && e.InnerException is Grpc.Core.RpcException { StatusCode: Grpc.Core.StatusCode.AlreadyExists })
        {
            // Another process of the installation has made it.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The platform's own workflows are not worked on now; it is tried again in {Seconds} s")]
    private partial void LogEnded(Exception exception, double seconds);
}
