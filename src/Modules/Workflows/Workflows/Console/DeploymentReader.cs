using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Deployment.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A deployment as the console shows it.</summary>
/// <param name="Token">Of the deployment as it is shown: a change meanwhile is not overwritten.</param>
/// <param name="Queues">The names of each build's task queues. Of builds that nothing needs any more there are none.</param>
internal sealed record DeploymentView(WorkerDeploymentInfo Info, ByteString Token, IReadOnlyDictionary<string, IReadOnlyList<string>> Queues);

/// <summary>Reads worker deployments by the messages of Temporal's API.</summary>
internal sealed class DeploymentReader(ITemporalServer server)
{
    /// <summary>Each is asked for by itself.</summary>
    private const int PerPage = 25;

    /// <param name="after">The page's token, hexadecimal; empty for the first.</param>
    public async Task<(IReadOnlyList<DeploymentView> Deployments, string Next)> ListAsync(Caller caller, string ns, string after, CancellationToken ct)
    {
        var request = new ListWorkerDeploymentsRequest { Namespace = ns, PageSize = PerPage, NextPageToken = PageTokens.Read(after) };
        var page = await server.CallAsync<ListWorkerDeploymentsResponse>(caller, request, "", ct);
        var views = new List<DeploymentView>();
        foreach (var deployment in page.WorkerDeployments)
        {
            if (await FindAsync(caller, ns, deployment.Name, ct) is { } view)
            {
                views.Add(view);
            }
        }

        return (views, PageTokens.Write(page.NextPageToken));
    }

    /// <summary>Null when it was deleted meanwhile.</summary>
    private async Task<DeploymentView?> FindAsync(Caller caller, string ns, string name, CancellationToken ct)
    {
        try
        {
            var there = await server.CallAsync<DescribeWorkerDeploymentResponse>(
                caller, new DescribeWorkerDeploymentRequest { Namespace = ns, DeploymentName = name }, "", ct);
            var queues = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
            foreach (var version in there.WorkerDeploymentInfo.VersionSummaries.Where(v => v.Status != WorkerDeploymentVersionStatus.Drained))
            {
                var described = await server.CallAsync<DescribeWorkerDeploymentVersionResponse>(
                    caller, new DescribeWorkerDeploymentVersionRequest { Namespace = ns, DeploymentVersion = version.DeploymentVersion }, "", ct);
                queues[version.DeploymentVersion.BuildId] = [.. described.VersionTaskQueues.Select(q => q.Name).Distinct()];
            }

            return new DeploymentView(there.WorkerDeploymentInfo, there.ConflictToken, queues);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }
}
