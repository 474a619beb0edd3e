using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;
using Temporalio.Worker;
using VersioningBehavior = Temporalio.Common.VersioningBehavior;
using DeployedVersion = Temporalio.Api.Deployment.V1.WorkerDeploymentVersion;

namespace Flagstone.Workflows.Tests.Deployments;

/// <summary>A deployment of its own on a queue of its own, and real workers of its versions.</summary>
internal sealed class DeploymentBench(TemporalClient client) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<VersionedWorker> workers = [];

    public TemporalClient Client => client;

    public WorkflowService Service => client.WorkflowService;

    public string Name { get; } = $"deployment-{Guid.NewGuid():N}";

    public string Queue { get; } = $"queue-{Guid.NewGuid():N}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public DeployedVersion Version(string build) => new() { DeploymentName = Name, BuildId = build };

    /// <summary>Starts a worker of a build, and waits until the deployment knows that it polls both queues.</summary>
    public async Task<VersionedWorker> StartAsync(string build, VersioningBehavior behavior)
    {
        var worker = VersionedWorker.Start(client, Queue, new WorkerDeploymentVersion(Name, build), behavior);
        workers.Add(worker);
        await UntilAsync(
            async () => (await DescribeAsync(build)).TaskQueueInfos.Count(q => q.Name == Queue && q.Type is TaskQueueType.Workflow or TaskQueueType.Activity) == 2,
            $"version {build} to be registered");
        return worker;
    }

    public async Task<Temporalio.Api.Deployment.V1.WorkerDeploymentVersionInfo> DescribeAsync(string build) =>
        (await Service.DescribeWorkerDeploymentVersionAsync(new DescribeWorkerDeploymentVersionRequest { Namespace = "default", DeploymentVersion = Version(build) }))
            .WorkerDeploymentVersionInfo;

    public Task<DescribeWorkerDeploymentResponse> DescribeAsync() =>
        Service.DescribeWorkerDeploymentAsync(new DescribeWorkerDeploymentRequest { Namespace = "default", DeploymentName = Name });

    public Task<SetWorkerDeploymentCurrentVersionResponse> SetCurrentAsync(string build) => Service.SetWorkerDeploymentCurrentVersionAsync(
        new SetWorkerDeploymentCurrentVersionRequest { Namespace = "default", DeploymentName = Name, BuildId = build, Identity = "tester" });

    public Task<SetWorkerDeploymentRampingVersionResponse> SetRampingAsync(string build, float percentage) => Service.SetWorkerDeploymentRampingVersionAsync(
        new SetWorkerDeploymentRampingVersionRequest { Namespace = "default", DeploymentName = Name, BuildId = build, Percentage = percentage, Identity = "tester" });

    public Task<WorkflowHandle<VersionedWorkflow, string>> RunAsync(Action<WorkflowOptions>? set = null, string? id = null)
    {
        var options = new WorkflowOptions(id ?? $"wf-{Guid.NewGuid():N}", Queue);
        set?.Invoke(options);
        return client.StartWorkflowAsync((VersionedWorkflow w) => w.RunAsync(""), options);
    }

    /// <summary>Lets the workflow ask for a build, and waits until it has heard it.</summary>
    public static async Task<string> StepAsync(WorkflowHandle<VersionedWorkflow> handle, int seen)
    {
        await handle.SignalAsync(w => w.DoAsync("step"));
        var said = "";
        await UntilAsync(async () => (said = await handle.QueryAsync(w => w.Seen())).Length == seen, $"{seen} builds to be seen");
        return said;
    }

    /// <summary>Asks again and again; what is not found is not there yet.</summary>
    public static async Task UntilAsync(Func<Task<bool>> reached, string what)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            try
            {
                if (await reached())
                {
                    return;
                }
            }
            catch (RpcException e) when (e.Code == RpcException.StatusCode.NotFound)
            {
                // Not yet.
            }

            try
            {
                await pace.WaitForNextTickAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Waited in vain for {what}.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in workers)
        {
            await worker.DisposeAsync();
        }
    }
}

/// <summary>A real worker of a version.</summary>
internal sealed class VersionedWorker : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly TemporalWorker worker;
    private readonly Task running;
    private bool stopped;

    private VersionedWorker(TemporalClient client, string queue, WorkerDeploymentVersion version, VersioningBehavior behavior)
    {
        worker = new TemporalWorker(client, new TemporalWorkerOptions(queue)
        {
            DeploymentOptions = new WorkerDeploymentOptions(version, true) { DefaultVersioningBehavior = behavior },
        }.AddWorkflow<VersionedWorkflow>().AddWorkflow<VersionedChild>().AddAllActivities(new BuildActivity(version.BuildId)));
        running = worker.ExecuteAsync(stop.Token);
    }

    public static VersionedWorker Start(TemporalClient client, string queue, WorkerDeploymentVersion version, VersioningBehavior behavior) =>
        new(client, queue, version, behavior);

    public async ValueTask DisposeAsync()
    {
        if (stopped)
        {
            return;
        }

        stopped = true;
        await stop.CancelAsync();
        try
        {
            await running.WaitAsync(RunningWorker.LongestStop);
        }
        catch (OperationCanceledException)
        {
            // That is how a worker stops.
        }

        worker.Dispose();
        stop.Dispose();
    }
}
