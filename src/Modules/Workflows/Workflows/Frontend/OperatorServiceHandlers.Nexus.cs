using Flagstone.Platform.Resources;
using Flagstone.Workflows.Nexus.Endpoints;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Nexus.V1;
using Temporalio.Api.OperatorService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Endpoints of Nexus: they are resources, which administrators change.</summary>
internal sealed partial class OperatorServiceHandlers
{
    /// <summary>As with Temporal's server.</summary>
    private const int MaxDescription = 20_000;

    [Rpc("external targets", Access = RpcAccess.Gateway)]
    public async Task<CreateNexusEndpointResponse> CreateNexusEndpoint(CreateNexusEndpointRequest request, ServerCallContext context)
    {
        await CheckAsync(request.Spec, context);
        return new CreateNexusEndpointResponse
        {
            Endpoint = NexusEndpointMessages.Of(await endpoints.CreateAsync(CallerInterceptor.Of(context), request.Spec, context.CancellationToken)),
        };
    }

    [Rpc("external targets and another name", Access = RpcAccess.Gateway)]
    public async Task<UpdateNexusEndpointResponse> UpdateNexusEndpoint(UpdateNexusEndpointRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.Id, "Id");
        await CheckAsync(request.Spec, context);
        var there = await endpoints.GetAsync(request.Id, context.CancellationToken);
        if (there.NameOf() != request.Spec.Name)
        {
            throw RpcErrors.InvalidArgument(
                $"A Nexus endpoint keeps its name, '{there.NameOf()}'. Make another one named '{request.Spec.Name}', and delete this one.");
        }

        var caller = CallerInterceptor.Of(context);
        var updated = await endpoints.UpdateAsync(caller, request.Spec.Name, request.Version, request.Spec, context.CancellationToken);
        return new UpdateNexusEndpointResponse { Endpoint = NexusEndpointMessages.Of(updated) };
    }

    [Rpc(Access = RpcAccess.Gateway)]
    public async Task<DeleteNexusEndpointResponse> DeleteNexusEndpoint(DeleteNexusEndpointRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.Id, "Id");
        var there = await endpoints.GetAsync(request.Id, context.CancellationToken);
        await endpoints.DeleteAsync(CallerInterceptor.Of(context), there, request.Version, context.CancellationToken);
        return new DeleteNexusEndpointResponse();
    }

    [Rpc(Access = RpcAccess.Read)]
    public async Task<GetNexusEndpointResponse> GetNexusEndpoint(GetNexusEndpointRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.Id, "Id");
        return new GetNexusEndpointResponse { Endpoint = NexusEndpointMessages.Of(await endpoints.GetAsync(request.Id, context.CancellationToken)) };
    }

    [Rpc(Access = RpcAccess.Read)]
    public async Task<ListNexusEndpointsResponse> ListNexusEndpoints(ListNexusEndpointsRequest request, ServerCallContext context)
    {
        if (request.Name.Length > 0)
        {
            var found = await endpoints.FindAsync(request.Name, context.CancellationToken);
            return new ListNexusEndpointsResponse { Endpoints = { found is null ? [] : [NexusEndpointMessages.Of(found)] } };
        }

        var (page, next) = await endpoints.ListAsync(request.PageSize, request.NextPageToken.ToStringUtf8(), context.CancellationToken);
        return new ListNexusEndpointsResponse { Endpoints = { page.Select(NexusEndpointMessages.Of) }, NextPageToken = ByteString.CopyFromUtf8(next) };
    }

    private async Task CheckAsync(EndpointSpec? spec, ServerCallContext context)
    {
        if (!NexusEndpointKind.IsName(spec?.Name ?? ""))
        {
            const string form = @"^[a-zA-Z][a-zA-Z0-9\-]*[a-zA-Z0-9]$";
            throw RpcErrors.InvalidArgument(
                $"'{spec?.Name}' is no name of a Nexus endpoint: it must match {form} and have at most {NexusEndpointKind.MaxName} characters.");
        }

        if (spec!.Description?.CalculateSize() > MaxDescription)
        {
            throw RpcErrors.InvalidArgument($"Spec.Description exceeds size limit of {MaxDescription} bytes.");
        }

        if (spec.Target?.External is not null)
        {
            throw RpcErrors.Unimplemented("Nexus endpoints with an external target are not there yet: give a worker's namespace and task queue.");
        }

        RequestChecks.Id(spec.Target?.Worker?.TaskQueue, "Spec.Target.Worker.TaskQueue");
        RequestChecks.Id(spec.Target!.Worker.Namespace, "Spec.Target.Worker.Namespace");
        try
        {
            await namespaces.GetAsync(spec.Target.Worker.Namespace, "", context.CancellationToken);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            throw RpcErrors.FailedPrecondition(
                $"could not verify namespace referenced by target exists: namespace {spec.Target.Worker.Namespace} is not found");
        }
    }
}
