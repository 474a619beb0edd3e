using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Nexus.Endpoints;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.OperatorService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Temporal's OperatorService: what an operator changes of a namespace.</summary>
internal sealed partial class OperatorServiceHandlers(NamespaceStore namespaces, NexusEndpointStore endpoints)
{
    [Rpc(Access = RpcAccess.Gateway)]
    public async Task<AddSearchAttributesResponse> AddSearchAttributes(AddSearchAttributesRequest request, ServerCallContext context)
    {
        var (name, there) = await ReadAsync(request.Namespace, context);
        if (request.SearchAttributes.Count == 0)
        {
            throw RpcErrors.InvalidArgument("SearchAttributes are not set on request.");
        }

        foreach (var (attribute, type) in request.SearchAttributes)
        {
            if (type == IndexedValueType.Unspecified)
            {
                throw RpcErrors.InvalidArgument($"Unable to save search attribute {attribute}: its type is not set.");
            }

            if (SystemSearchAttributes.Types.ContainsKey(attribute))
            {
                throw RpcErrors.InvalidArgument($"Search attribute {attribute} is reserved by system.");
            }
        }

        // What is there already with this type is no change: who adds at each start need not look first.
        if (request.SearchAttributes.Any(a => !there.TryGetValue(a.Key, out var type) || type != a.Value))
        {
            await namespaces.ChangeAsync(CallerInterceptor.Of(context), name, spec =>
            {
                foreach (var (attribute, type) in request.SearchAttributes)
                {
                    (spec["searchAttributes"] ??= new JsonObject())[attribute] = type.ToString();
                }
            }, context.CancellationToken);
        }

        return new AddSearchAttributesResponse();
    }

    [Rpc(Access = RpcAccess.Gateway)]
    public async Task<RemoveSearchAttributesResponse> RemoveSearchAttributes(RemoveSearchAttributesRequest request, ServerCallContext context)
    {
        var (name, there) = await ReadAsync(request.Namespace, context);
        if (request.SearchAttributes.FirstOrDefault(a => !there.ContainsKey(a)) is { } unknown)
        {
            throw SystemSearchAttributes.Types.ContainsKey(unknown)
                ? RpcErrors.InvalidArgument($"Unable to remove non-custom search attributes: {unknown}.")
                : RpcErrors.NotFound($"Search attribute {unknown} doesn't exist.");
        }

        await namespaces.ChangeAsync(CallerInterceptor.Of(context), name, spec =>
        {
            foreach (var attribute in request.SearchAttributes)
            {
                (spec["searchAttributes"] as JsonObject)?.Remove(attribute);
            }
        }, context.CancellationToken);
        return new RemoveSearchAttributesResponse();
    }

    [Rpc(Access = RpcAccess.Read)]
    public async Task<ListSearchAttributesResponse> ListSearchAttributes(ListSearchAttributesRequest request, ServerCallContext context)
    {
        var (_, there) = await ReadAsync(request.Namespace, context);
        return new ListSearchAttributesResponse { CustomAttributes = { there }, SystemAttributes = { SystemSearchAttributes.Types.ToDictionary() } };
    }

    [Rpc("a delay", Access = RpcAccess.Gateway)]
    public async Task<DeleteNamespaceResponse> DeleteNamespace(DeleteNamespaceRequest request, ServerCallContext context)
    {
        var name = (await namespaces.GetAsync(request.Namespace, request.NamespaceId, context.CancellationToken)).NameOf();
        await namespaces.DeleteAsync(CallerInterceptor.Of(context), name, context.CancellationToken);
        return new DeleteNamespaceResponse { DeletedNamespace = name };
    }

    private async Task<(string Name, Dictionary<string, IndexedValueType> Attributes)> ReadAsync(string name, ServerCallContext context)
    {
        var document = await namespaces.GetAsync(name.Length > 0 ? name : WorkflowNamespaceKind.Default, "", context.CancellationToken);
        return (document.NameOf(), NamespaceMessages.SearchAttributes(document));
    }
}
