using Microsoft.Extensions.Hosting;

namespace Flagstone.Workflows.Processes;

/// <summary>A worker of the platform's own in each process of the installation: it begins once the ports are open, and ends before they are closed.</summary>
internal abstract class WorkingService(IHostApplicationLifetime lifetime, TimeProvider clock) : IHostedLifecycleService, IDisposable
{
    /// <summary>What ended is begun again after this time.</summary>
    protected static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>A worker whose server is gone would try for ever to tell it that it stops.</summary>
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource stop = new();
    private Task work = Task.CompletedTask;

    protected CancellationToken Stop => stop.Token;

    protected TimeProvider Clock { get; } = clock;

    /// <summary>False where there is nothing to work on.</summary>
    protected virtual bool IsNeeded => true;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (IsNeeded)
        {
            lifetime.ApplicationStarted.Register(() => work = Task.Run(WorkAsync, CancellationToken.None));
        }

        return Task.CompletedTask;
    }

    /// <summary>Before the frontend and the silo end: the worker can still say that it goes, and what was polled can still be stored.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await stop.CancelAsync();
        await Task.WhenAny(work, Task.Delay(LongestStop, Clock, cancellationToken));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => stop.Dispose();

    /// <summary>Works until <see cref="Stop"/>.</summary>
    protected abstract Task WorkAsync();

    /// <summary>Runs a worker again and again until told to stop, whatever ends it.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Whatever ends the worker, it is started again.")]
    protected async Task KeepAsync(Func<CancellationToken, Task> run, Action<Exception> log, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await run(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log(e);
                await Task.Delay(Pause, Clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                // It was told to stop.
            }
        }
    }
}
