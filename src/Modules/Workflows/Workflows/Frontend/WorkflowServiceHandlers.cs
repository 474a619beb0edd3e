using System.Reflection;
using System.Text.Json.Nodes;
using Flagstone.Platform;
using Flagstone.Workflows.Activities.Standalone;
using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Batches;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Nexus.Endpoints;
using Flagstone.Workflows.Nexus.Standalone;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Temporal's WorkflowService. A handler reads the request and asks those who know; it decides nothing.</summary>
internal sealed partial class WorkflowServiceHandlers(
    NamespaceStore namespaces, NamespaceCache cache, ExecutionStore executions, OutboxStore outbox, VisibilityStore visibility, TaskQueueStore tasks,
    BatchStore batches, StandaloneStore operations, StandaloneActivityStore activities, NexusEndpointCache endpoints, DeploymentStore deployments,
    DeploymentRegistrar registrar, ParkedPolls polls, ArchiveStore archive, ArchiveList archived,
    IGrainFactory grains, TimeProvider clock,
    PlatformOptions options)
{
    /// <summary>As Temporal's server says it, which refuses a namespace that does not say how long closed executions are kept.</summary>
    private const string NoRetention = "A valid retention period is not set on request.";

    private readonly string version =
        typeof(WorkflowServiceHandlers).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    [Rpc(Access = RpcAccess.Open)]
    public Task<GetSystemInfoResponse> GetSystemInfo(GetSystemInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new GetSystemInfoResponse { ServerVersion = version, Capabilities = new()
            {
                InternalErrorDifferentiation = true, ActivityFailureIncludeHeartbeat = true, EncodedFailureAttributes = true, SdkMetadata = true, UpsertMemo = true, SignalAndQueryHeader = true,
                SupportsSchedules = true, EagerWorkflowStart = true, Nexus = true,
                BuildIdBasedVersioning = true,
            },
        });

    [Rpc(Access = RpcAccess.Open)]
    public Task<GetClusterInfoResponse> GetClusterInfo(GetClusterInfoRequest request, ServerCallContext context)
    {
        var store = options.IsEmbedded ? "sqlite" : "postgresql";
        return Task.FromResult(new GetClusterInfoResponse
        {
            ServerVersion = version, ClusterName = NamespaceMessages.ClusterName, HistoryShardCount = 1, PersistenceStore = store, VisibilityStore = store,
        });
    }

    [Rpc("clusters", Access = RpcAccess.Gateway)]
    public async Task<RegisterNamespaceResponse> RegisterNamespace(RegisterNamespaceRequest request, ServerCallContext context)
    {
        if (request.Namespace.Length == 0)
        {
            throw RpcErrors.InvalidArgument("Namespace not set on request.");
        }

        if (request.WorkflowExecutionRetentionPeriod is not { } retention || Durations.Of(retention) < Retention.Shortest)
        {
            throw RpcErrors.InvalidArgument(NoRetention);
        }

        var archives = ArchivalRequest.Read(
            archive.Root, request.HistoryArchivalState, request.VisibilityArchivalState, request.HistoryArchivalUri, request.VisibilityArchivalUri);
        await namespaces.CreateAsync(CallerInterceptor.Of(context), request.Namespace, new JsonObject
        {
            ["description"] = request.Description,
            ["ownerEmail"] = request.OwnerEmail,
            ["retention"] = Retention.Text(Durations.Of(retention)),
            ["data"] = Map(request.Data),
            ["archival"] = archives ?? false,
        }, context.CancellationToken);
        return new RegisterNamespaceResponse();
    }

    [Rpc(Access = RpcAccess.Read)]
    public async Task<DescribeNamespaceResponse> DescribeNamespace(DescribeNamespaceRequest request, ServerCallContext context) =>
        NamespaceMessages.Describe(await namespaces.GetAsync(request.Namespace, request.Id, context.CancellationToken), archive.Root.Uri);

    [Rpc(Access = RpcAccess.Read)]
    public async Task<ListNamespacesResponse> ListNamespaces(ListNamespacesRequest request, ServerCallContext context)
    {
        var (page, next) = await namespaces.ListAsync(request.PageSize, request.NextPageToken.ToStringUtf8(), context.CancellationToken);
        return new ListNamespacesResponse { Namespaces = { page.Select(p => NamespaceMessages.Describe(p, archive.Root.Uri)) }, NextPageToken = ByteString.CopyFromUtf8(next) };
    }

    [Rpc("clusters, bad binaries and aliases", Access = RpcAccess.Gateway)]
    public async Task<UpdateNamespaceResponse> UpdateNamespace(UpdateNamespaceRequest request, ServerCallContext context)
    {
        if (request.Config?.WorkflowExecutionRetentionTtl is { } wanted && Durations.Of(wanted) < Retention.Shortest)
        {
            throw RpcErrors.InvalidArgument(NoRetention);
        }

        var archives = request.Config is not { } config ? null : ArchivalRequest.Read(
            archive.Root, config.HistoryArchivalState, config.VisibilityArchivalState, config.HistoryArchivalUri, config.VisibilityArchivalUri);
        var changed = await namespaces.ChangeAsync(CallerInterceptor.Of(context), request.Namespace, spec =>
        {
            if (request.UpdateInfo is { } info)
            {
                Put(spec, "description", info.Description);
                Put(spec, "ownerEmail", info.OwnerEmail);
                if (info.State == NamespaceState.Deprecated)
                {
                    spec["state"] = "Deprecated";
                }

                // Keys are added and replaced; none goes, as with Temporal's server.
                foreach (var (key, value) in info.Data)
                {
                    (spec["data"] ??= new JsonObject())[key] = value;
                }
            }

            if (request.Config?.WorkflowExecutionRetentionTtl is { } retention)
            {
                spec["retention"] = Retention.Text(Durations.Of(retention));
            }

            if (archives is { } wants)
            {
                spec["archival"] = wants;
            }
        }, context.CancellationToken);
        return NamespaceMessages.Updated(changed, archive.Root.Uri);
    }

    [Rpc(Access = RpcAccess.Gateway)]
    public async Task<DeprecateNamespaceResponse> DeprecateNamespace(DeprecateNamespaceRequest request, ServerCallContext context)
    {
        await namespaces.ChangeAsync(CallerInterceptor.Of(context), request.Namespace, spec => spec["state"] = "Deprecated", context.CancellationToken);
        return new DeprecateNamespaceResponse();
    }

    [Rpc(Access = RpcAccess.Read)]
    public async Task<GetSearchAttributesResponse> GetSearchAttributes(GetSearchAttributesRequest request, ServerCallContext context)
    {
        var response = new GetSearchAttributesResponse { Keys = { SystemSearchAttributes.Types.ToDictionary() } };
        var next = "";
        do
        {
            (var page, next) = await namespaces.ListAsync(0, next, context.CancellationToken);
            foreach (var (name, type) in page.SelectMany(NamespaceMessages.SearchAttributes))
            {
                response.Keys[name] = type;
            }
        }
        while (next.Length > 0);

        return response;
    }

    private static void Put(JsonObject spec, string member, string value)
    {
        if (value.Length > 0)
        {
            spec[member] = value;
        }
    }

    private static JsonObject Map(MapField<string, string> values) => new(values.Select(v => KeyValuePair.Create<string, JsonNode?>(v.Key, v.Value)));
}
