using Flagstone.Platform.Identity;
using Flagstone.Workflows.Frontend;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Namespaces.Servers;

/// <summary>This installation's own frontend, asked within the process as one of the platform's controllers.</summary>
internal sealed class OwnServer(WorkflowServiceHandlers workflows, OperatorServiceHandlers operators) : INamespaceServer
{
    private static readonly Caller Platform = Caller.System("temporal-namespaces");

    public Task<DescribeNamespaceResponse> DescribeAsync(DescribeNamespaceRequest request, CancellationToken ct) => workflows.DescribeNamespace(request, Call(ct));

    public Task RegisterAsync(RegisterNamespaceRequest request, CancellationToken ct) => workflows.RegisterNamespace(request, Call(ct));

    public Task UpdateAsync(UpdateNamespaceRequest request, CancellationToken ct) => workflows.UpdateNamespace(request, Call(ct));

    public Task DeleteAsync(DeleteNamespaceRequest request, CancellationToken ct) => operators.DeleteNamespace(request, Call(ct));

    public Task<ListSearchAttributesResponse> ListAttributesAsync(ListSearchAttributesRequest request, CancellationToken ct) =>
        operators.ListSearchAttributes(request, Call(ct));

    public Task AddAttributesAsync(AddSearchAttributesRequest request, CancellationToken ct) => operators.AddSearchAttributes(request, Call(ct));

    public Task RemoveAttributesAsync(RemoveSearchAttributesRequest request, CancellationToken ct) => operators.RemoveSearchAttributes(request, Call(ct));

    public Task<CountWorkflowExecutionsResponse> CountAsync(CountWorkflowExecutionsRequest request, CancellationToken ct) =>
        workflows.CountWorkflowExecutions(request, Call(ct));

    private static LocalCall Call(CancellationToken ct) => new LocalCall("namespaces", Platform, "", ct);
}
