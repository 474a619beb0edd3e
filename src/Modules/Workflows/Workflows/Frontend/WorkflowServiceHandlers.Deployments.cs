using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Deployment.V1;
using Temporalio.Api.WorkflowService.V1;

#pragma warning disable CS0612 // Older clients name versions by texts.

namespace Flagstone.Workflows.Frontend;

/// <summary>Worker deployments and their versions.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<DescribeWorkerDeploymentResponse> DescribeWorkerDeployment(DescribeWorkerDeploymentRequest request, ServerCallContext context)
    {
        var deployment = await DeploymentAsync(request.Namespace, request.DeploymentName, context);
        return Read<DescribeWorkerDeploymentResponse>(await deployment.DescribeAsync());
    }

    [Rpc("compute configurations", Access = RpcAccess.ReadOwn)]
    public async Task<DescribeWorkerDeploymentVersionResponse> DescribeWorkerDeploymentVersion(
        DescribeWorkerDeploymentVersionRequest request, ServerCallContext context)
    {
        var version = VersionOf(request.DeploymentVersion, request.Version);
        var ns = await NamespaceAsync(request.Namespace, context);
        var response = Read<DescribeWorkerDeploymentVersionResponse>(await Deployment(ns.Id, version.Deployment).DescribeVersionAsync(version.BuildId));
        if (request.ReportTaskQueueStats)
        {
            foreach (var queue in response.VersionTaskQueues)
            {
                queue.Stats = await StatsAsync(new(ns.Id, KindOf(queue.Type), queue.Name), context.CancellationToken);
            }
        }

        return response;
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<ListWorkerDeploymentsResponse> ListWorkerDeployments(ListWorkerDeploymentsRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        var size = request.PageSize is > 0 and < DeploymentStore.MaxPage ? request.PageSize : DeploymentStore.MaxPage;
        var page = await deployments.ListAsync(ns.Id, request.NextPageToken.ToStringUtf8(), size, context.CancellationToken);
        return new ListWorkerDeploymentsResponse
        {
            WorkerDeployments = { page.Select(DeploymentViews.Listed) },
            NextPageToken = page.Count == size ? ByteString.CopyFromUtf8(page[^1].Name) : ByteString.Empty,
        };
    }

    [Rpc]
    public async Task<SetWorkerDeploymentCurrentVersionResponse> SetWorkerDeploymentCurrentVersion(
        SetWorkerDeploymentCurrentVersionRequest request, ServerCallContext context)
    {
        CheckOf(request.Version, request.DeploymentName);
        RequestChecks.Length(request.BuildId, "BuildId");
        RequestChecks.Length(request.Identity, "Identity");
        var deployment = await DeploymentAsync(request.Namespace, request.DeploymentName, context);
        return Read<SetWorkerDeploymentCurrentVersionResponse>(await deployment.SetCurrentAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<SetWorkerDeploymentRampingVersionResponse> SetWorkerDeploymentRampingVersion(
        SetWorkerDeploymentRampingVersionRequest request, ServerCallContext context)
    {
        if (request.Percentage is not (>= 0 and <= 100))
        {
            throw RpcErrors.InvalidArgument("Percentage must be between 0 and 100 (inclusive)");
        }

        CheckOf(request.Version, request.DeploymentName);
        RequestChecks.Length(request.BuildId, "BuildId");
        RequestChecks.Length(request.Identity, "Identity");
        var deployment = await DeploymentAsync(request.Namespace, request.DeploymentName, context);
        return Read<SetWorkerDeploymentRampingVersionResponse>(await deployment.SetRampingAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<SetWorkerDeploymentManagerResponse> SetWorkerDeploymentManager(SetWorkerDeploymentManagerRequest request, ServerCallContext context)
    {
        RequestChecks.Length(request.ManagerIdentity, "ManagerIdentity");
        RequestChecks.Length(request.Identity, "Identity");
        var deployment = await DeploymentAsync(request.Namespace, request.DeploymentName, context);
        return Read<SetWorkerDeploymentManagerResponse>(await deployment.SetManagerAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<UpdateWorkerDeploymentVersionMetadataResponse> UpdateWorkerDeploymentVersionMetadata(
        UpdateWorkerDeploymentVersionMetadataRequest request, ServerCallContext context)
    {
        var version = VersionOf(request.DeploymentVersion, request.Version);
        var deployment = await DeploymentAsync(request.Namespace, version.Deployment, context);
        return Read<UpdateWorkerDeploymentVersionMetadataResponse>(await deployment.UpdateMetadataAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<CreateWorkerDeploymentResponse> CreateWorkerDeployment(CreateWorkerDeploymentRequest request, ServerCallContext context)
    {
        RequestChecks.Length(request.RequestId, "RequestId");
        request.RequestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString();
        var deployment = await DeploymentAsync(request.Namespace, request.DeploymentName, context);
        return Read<CreateWorkerDeploymentResponse>(await deployment.CreateAsync(CallOf(request, "", context)));
    }

    [Rpc("compute configurations")]
    public async Task<CreateWorkerDeploymentVersionResponse> CreateWorkerDeploymentVersion(
        CreateWorkerDeploymentVersionRequest request, ServerCallContext context)
    {
        if (request.ComputeConfig is not null)
        {
            throw RpcErrors.Unimplemented("Compute configurations of versions are not there. Start the workers yourself, and leave ComputeConfig out.");
        }

        RequestChecks.Length(request.RequestId, "RequestId");
        request.RequestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString();
        var version = VersionOf(request.DeploymentVersion, "");
        var deployment = await DeploymentAsync(request.Namespace, version.Deployment, context);
        return Read<CreateWorkerDeploymentVersionResponse>(await deployment.CreateVersionAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<DeleteWorkerDeploymentVersionResponse> DeleteWorkerDeploymentVersion(
        DeleteWorkerDeploymentVersionRequest request, ServerCallContext context)
    {
        var version = VersionOf(request.DeploymentVersion, request.Version);
        var deployment = await DeploymentAsync(request.Namespace, version.Deployment, context);
        return Read<DeleteWorkerDeploymentVersionResponse>(await deployment.DeleteVersionAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<DeleteWorkerDeploymentResponse> DeleteWorkerDeployment(DeleteWorkerDeploymentRequest request, ServerCallContext context)
    {
        var deployment = await DeploymentAsync(request.Namespace, request.DeploymentName, context);
        return Read<DeleteWorkerDeploymentResponse>(await deployment.DeleteAsync(CallOf(request, "", context)));
    }

    private static WorkerVersion VersionOf(WorkerDeploymentVersion? given, string dotted)
    {
        var version = given is not null ? new WorkerVersion(given.DeploymentName, given.BuildId) : WorkerVersion.OfDotted(dotted) ?? new WorkerVersion("", "");
        CheckDeployment(version.Deployment);
        RequestChecks.Id(version.BuildId, "BuildId");
        return version;
    }

    /// <summary>An older text must name a version of the deployment that the request is for.</summary>
    private static void CheckOf(string dotted, string deployment)
    {
        if (dotted is not ("" or WorkerVersion.Unversioned) && WorkerVersion.OfDotted(dotted) is var named && named?.Deployment != deployment)
        {
            throw RpcErrors.InvalidArgument($"Version '{dotted}' is none of Worker Deployment '{deployment}'.");
        }
    }

    /// <summary>Texts that name a version have the deployment's name before the first dot, or colon.</summary>
    private static void CheckDeployment(string name)
    {
        RequestChecks.Id(name, "DeploymentName");
        if (name.AsSpan().ContainsAny('.', ':') || name.StartsWith("__", StringComparison.Ordinal))
        {
            throw RpcErrors.InvalidArgument($"worker deployment name '{name}' cannot contain '.' or ':', nor begin with '__'");
        }
    }

    private IDeploymentGrain Deployment(string ns, string name) => grains.GetGrain<IDeploymentGrain>(new DeploymentKey(ns, name).ToString());

    private async Task<IDeploymentGrain> DeploymentAsync(string ns, string name, ServerCallContext context)
    {
        CheckDeployment(name);
        return Deployment((await NamespaceAsync(ns, context)).Id, name);
    }
}
