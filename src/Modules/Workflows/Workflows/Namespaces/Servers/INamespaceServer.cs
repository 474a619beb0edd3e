using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Namespaces.Servers;

/// <summary>What is asked of a server for its namespaces. A call throws RpcException, of gRPC's or of the SDK's.</summary>
internal interface INamespaceServer
{
    Task<DescribeNamespaceResponse> DescribeAsync(DescribeNamespaceRequest request, CancellationToken ct);

    Task RegisterAsync(RegisterNamespaceRequest request, CancellationToken ct);

    Task UpdateAsync(UpdateNamespaceRequest request, CancellationToken ct);

    Task DeleteAsync(DeleteNamespaceRequest request, CancellationToken ct);

    Task<ListSearchAttributesResponse> ListAttributesAsync(ListSearchAttributesRequest request, CancellationToken ct);

    Task AddAttributesAsync(AddSearchAttributesRequest request, CancellationToken ct);

    Task RemoveAttributesAsync(RemoveSearchAttributesRequest request, CancellationToken ct);

    Task<CountWorkflowExecutionsResponse> CountAsync(CountWorkflowExecutionsRequest request, CancellationToken ct);
}
