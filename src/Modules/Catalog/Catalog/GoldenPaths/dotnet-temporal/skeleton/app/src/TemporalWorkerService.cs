using Temporalio.Client;
using Temporalio.Runtime;
using Temporalio.Worker;
using Service.Workflows;

namespace Service;

/// <summary>Connects to Temporal, and works on the task queue until the service is told to end.</summary>
public sealed partial class TemporalWorkerService(
    TemporalSettings settings, ServiceMetrics metrics, IHostApplicationLifetime lifetime, ILoggerFactory loggers) : BackgroundService, IReadiness
{
    private readonly ILogger logger = loggers.CreateLogger<TemporalWorkerService>();

    // The SDK's native part logs as the service does, from warnings on.
    private readonly TemporalRuntime runtime = new(new()
    {
        Telemetry = new()
        {
            Logging = new()
            {
                Filter = new(TelemetryFilterOptions.Level.Warn, TelemetryFilterOptions.Level.Warn), Forwarding = new() { Logger = loggers.CreateLogger("Temporalio.Core") },
            },
        },
    });

    private volatile bool working;

    /// <summary>Null until Temporal has answered.</summary>
    public TemporalClient? Client { get; private set; }

    public bool IsReady => working && !lifetime.ApplicationStopping.IsCancellationRequested;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // The port opens meanwhile: the process is alive while it waits for Temporal, only not ready.
            Client = await Retry.UntilDoneAsync(ConnectAsync, (e, attempt, delay) => LogNoAnswer(e, attempt, delay), stoppingToken);
            using var worker = new TemporalWorker(Client, Options());
            working = true;
            LogReady(settings.TaskQueue, settings.Namespace);
            await worker.ExecuteAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped();
        }
        catch (Exception e)
        {
            // The host ends by it, and the platform starts the service again.
            LogCannotRun(e);
            Environment.ExitCode = 1;
            throw;
        }
        finally
        {
            working = false;
        }
    }

    private Task<TemporalClient> ConnectAsync() => TemporalClient.ConnectAsync(new(settings.Address)
    {
        Namespace = settings.Namespace,
        ApiKey = settings.ApiKey,
        // Always said: with an API key the SDK would speak TLS of itself.
        Tls = new() { Disabled = !settings.Tls },
        Runtime = runtime,
        LoggerFactory = loggers,
    });

    private TemporalWorkerOptions Options() => new TemporalWorkerOptions(settings.TaskQueue)
    {
        Interceptors = [new CountingInterceptor(metrics)],
        LoggerFactory = loggers,
        // Activities under way have this long to end; what is left is tried again by another replica.
        GracefulShutdownTimeout = TimeSpan.FromSeconds(4),
    }.AddWorkflow<GreetingWorkflow>().AddActivity(Activities.ComposeGreeting);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Temporal does not answer yet (attempt {Attempt}); next try in {Delay}")]
    private partial void LogNoAnswer(Exception e, int attempt, TimeSpan delay);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ready: works on {TaskQueue} of {Namespace}")]
    private partial void LogReady(string taskQueue, string @namespace);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopped")]
    private partial void LogStopped();

    [LoggerMessage(Level = LogLevel.Critical, Message = "The service cannot run")]
    private partial void LogCannotRun(Exception e);
}
