using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;
using Temporalio.Worker;

namespace Flagstone.Samples.Adjudication;

/// <summary>A version of the deployment <c>claims</c>: each build of the worker is one, and runs that are open go over to the current one.</summary>
public static class ClaimsWorker
{
    public const string Queue = "claims";
    public const string Deployment = "claims";

    /// <summary>What it has in hand is given <see cref="Grace"/> of it.</summary>
    public static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <param name="workflow">Its code of this build.</param>
    public static TemporalWorkerOptions Options(string build, ClaimActivities activities, Type? workflow = null) => new TemporalWorkerOptions(Queue)
    {
        DeploymentOptions = new WorkerDeploymentOptions(new WorkerDeploymentVersion(Deployment, build), useWorkerVersioning: true),
        GracefulShutdownTimeout = Grace,
    }.AddWorkflow(workflow ?? typeof(AdjudicateClaim)).AddAllActivities(activities);

    /// <summary>Sends all work to a build, once its worker polls: what a pipeline does after a deployment.</summary>
    /// <exception cref="TimeoutException">It did not poll within a minute.</exception>
    public static async Task MakeCurrentAsync(TemporalClient client, string build, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var pace = new PeriodicTimer(Pace);
        while (true)
        {
            try
            {
                await client.WorkflowService.SetWorkerDeploymentCurrentVersionAsync(
                    new SetWorkerDeploymentCurrentVersionRequest
                    {
                        Namespace = client.Options.Namespace, DeploymentName = Deployment, BuildId = build, Identity = "adjudication",
                    },
                    new() { CancellationToken = ct });
                return;
            }
            catch (RpcException e) when (e.Code is RpcException.StatusCode.NotFound or RpcException.StatusCode.FailedPrecondition)
            {
                // Its worker has not polled yet, or not for all that the build before has.
                if (patience.IsCancellationRequested)
                {
                    throw new TimeoutException($"Build {build} of {Deployment} could not be made current within {Patience}: {e.Message}", e);
                }

                await pace.WaitForNextTickAsync(ct);
            }
        }
    }
}
