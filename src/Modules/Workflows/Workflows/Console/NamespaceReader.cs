using Flagstone.Platform.Identity;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A namespace as the console shows it.</summary>
/// <param name="SearchAttributes">Its own ones; empty in a list.</param>
/// <param name="Retention">Null where a server does not say.</param>
/// <param name="AllowsTimeSkipping">The embedded server says it; of another one it is not known, and not offered.</param>
/// <param name="Archives">Whether closed runs are archived before they are deleted, so that archived runs can be listed.</param>
internal sealed record NamespaceView(
    string Id, string Name, NamespaceState State, string Description, TimeSpan? Retention, bool AllowsTimeSkipping, bool Archives,
    IReadOnlyDictionary<string, IndexedValueType> SearchAttributes)
{
    public static NamespaceView Of(DescribeNamespaceResponse there) => new(
        there.NamespaceInfo.Id, there.NamespaceInfo.Name, there.NamespaceInfo.State, there.NamespaceInfo.Description,
        there.Config?.WorkflowExecutionRetentionTtl?.ToTimeSpan(), there.NamespaceInfo.Data.GetValueOrDefault(NamespaceMessages.TimeSkippingKey) == "true",
        there.Config?.VisibilityArchivalState == ArchivalState.Enabled,
        new Dictionary<string, IndexedValueType>());
}

/// <summary>Reads namespaces by the messages of Temporal's API.</summary>
internal sealed class NamespaceReader(ITemporalServer server)
{
    /// <summary>A page names no more namespaces; a list can be asked for by the address.</summary>
    private const int MaxNamespaces = 500;

    private const int PageSize = 100;

    /// <summary>By name. Temporal's own one is not among them.</summary>
    public async Task<IReadOnlyList<NamespaceView>> ListAsync(Caller caller, CancellationToken ct)
    {
        var (names, token) = (new List<NamespaceView>(), ByteString.Empty);
        do
        {
            var page = await server.CallAsync<ListNamespacesResponse>(caller, new ListNamespacesRequest { PageSize = PageSize, NextPageToken = token }, "", ct);
            names.AddRange(page.Namespaces.Where(n => n.NamespaceInfo.Name != "temporal-system").Select(NamespaceView.Of));
            token = page.NextPageToken;
        }
        while (!token.IsEmpty && names.Count < MaxNamespaces);
        return [.. names.OrderBy(n => n.Name, StringComparer.Ordinal)];
    }

    /// <summary>With its search attributes; null when there is none of this name.</summary>
    public async Task<NamespaceView?> FindAsync(Caller caller, string name, CancellationToken ct)
    {
        try
        {
            var there = await server.CallAsync<DescribeNamespaceResponse>(caller, new DescribeNamespaceRequest { Namespace = name }, "", ct);
            return NamespaceView.Of(there) with { SearchAttributes = await AttributesAsync(caller, name, ct) };
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.NotFound or StatusCode.InvalidArgument)
        {
            return null;
        }
    }

    public async Task<IReadOnlyDictionary<string, IndexedValueType>> AttributesAsync(Caller caller, string name, CancellationToken ct) =>
        (await server.CallAsync<ListSearchAttributesResponse>(caller, new ListSearchAttributesRequest { Namespace = name }, "", ct)).CustomAttributes;
}
