using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Namespaces.Servers;

/// <summary>A Temporal server elsewhere, by the SDK's client.</summary>
internal sealed class OtherServer(ITemporalConnection connection) : INamespaceServer
{
    /// <summary>Who reconciles asks again: one call ends by then.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    public Task<DescribeNamespaceResponse> DescribeAsync(DescribeNamespaceRequest request, CancellationToken ct) =>
        connection.WorkflowService.DescribeNamespaceAsync(request, Options(ct));

    public Task RegisterAsync(RegisterNamespaceRequest request, CancellationToken ct) => connection.WorkflowService.RegisterNamespaceAsync(request, Options(ct));

    public Task UpdateAsync(UpdateNamespaceRequest request, CancellationToken ct) => connection.WorkflowService.UpdateNamespaceAsync(request, Options(ct));

    public Task DeleteAsync(DeleteNamespaceRequest request, CancellationToken ct) => connection.OperatorService.DeleteNamespaceAsync(request, Options(ct));

    public Task<ListSearchAttributesResponse> ListAttributesAsync(ListSearchAttributesRequest request, CancellationToken ct) =>
        connection.OperatorService.ListSearchAttributesAsync(request, Options(ct));

    public Task AddAttributesAsync(AddSearchAttributesRequest request, CancellationToken ct) =>
        connection.OperatorService.AddSearchAttributesAsync(request, Options(ct));

    public Task RemoveAttributesAsync(RemoveSearchAttributesRequest request, CancellationToken ct) =>
        connection.OperatorService.RemoveSearchAttributesAsync(request, Options(ct));

    public Task<CountWorkflowExecutionsResponse> CountAsync(CountWorkflowExecutionsRequest request, CancellationToken ct) =>
        connection.WorkflowService.CountWorkflowExecutionsAsync(request, Options(ct));

    private static RpcOptions Options(CancellationToken ct) => new() { Retry = false, Timeout = Longest, CancellationToken = ct };
}
