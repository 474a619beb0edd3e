using Flagstone.Platform;
using Flagstone.Platform.Identity;
using Flagstone.Workflows.Contracts;
using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Namespaces;

/// <summary>Namespaces here and elsewhere, by the same messages.</summary>
internal sealed class TemporalNamespaces(ITemporalServer own, OtherServers others, InstallationServer installation, PlatformOptions options) : ITemporalNamespaces
{
    /// <summary>Where a namespace's data names who made it.</summary>
    private const string OwnerKey = "flagstone.dev/owner";

    private static readonly Caller Platform = Caller.System("temporal-namespaces");

    private const string Open = "ExecutionStatus = 'Running'";

    public TemporalServer? Elsewhere { get; } = installation.Elsewhere;

    public string OwnAddress => $"{options.Address}:{options.TemporalPort}";

    public Task<TemporalNamespaceState?> FindAsync(TemporalServer? server, string name, CancellationToken ct) => CallAsync(server, name, async at =>
    {
        DescribeNamespaceResponse there;
        try
        {
            there = await at.CallAsync<DescribeNamespaceResponse>(new DescribeNamespaceRequest { Namespace = name });
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }

        // Elsewhere such a namespace has another name already; here the name is taken until the last of it is gone.
        if (there.NamespaceInfo.State == NamespaceState.Deleted && !at.Server.IsEmbedded)
        {
            return null;
        }

        var attributes = (await at.CallAsync<ListSearchAttributesResponse>(new ListSearchAttributesRequest { Namespace = name })).CustomAttributes;
        var open = await at.CallAsync<CountWorkflowExecutionsResponse>(new CountWorkflowExecutionsRequest { Namespace = name, Query = Open });
        var settings = new TemporalNamespaceSettings(
            there.NamespaceInfo.Description, there.NamespaceInfo.OwnerEmail, there.Config.WorkflowExecutionRetentionTtl?.ToTimeSpan() ?? TimeSpan.Zero,
            attributes.ToDictionary(a => a.Key, a => a.Value.ToString(), StringComparer.Ordinal));
        return new TemporalNamespaceState(there.NamespaceInfo.Id, there.NamespaceInfo.Data.GetValueOrDefault(OwnerKey, ""), settings, open.Count);
    }, ct);

    public Task CreateAsync(TemporalServer? server, string name, string owner, TemporalNamespaceSettings settings, CancellationToken ct) => CallAsync(server, name, async at =>
    {
        await at.CallAsync<RegisterNamespaceResponse>(new RegisterNamespaceRequest
        {
            Namespace = name, Description = settings.Description, OwnerEmail = settings.OwnerEmail,
            WorkflowExecutionRetentionPeriod = Duration.FromTimeSpan(settings.Retention), Data = { [OwnerKey] = owner },
        });
        return true;
    }, ct);

    public Task UpdateAsync(TemporalServer? server, string name, TemporalNamespaceSettings settings, CancellationToken ct) => CallAsync(server, name, async at =>
    {
        await at.CallAsync<UpdateNamespaceResponse>(new UpdateNamespaceRequest
        {
            Namespace = name,
            UpdateInfo = new() { Description = settings.Description, OwnerEmail = settings.OwnerEmail },
            Config = new() { WorkflowExecutionRetentionTtl = Duration.FromTimeSpan(settings.Retention) },
        });
        var there = (await at.CallAsync<ListSearchAttributesResponse>(new ListSearchAttributesRequest { Namespace = name })).CustomAttributes;
        var missing = settings.SearchAttributes.Where(a => !there.ContainsKey(a.Key)).ToDictionary(a => a.Key, a => NamespaceMessages.TypeOf(a.Value));
        if (missing.Count > 0)
        {
            await at.CallAsync<AddSearchAttributesResponse>(new AddSearchAttributesRequest { Namespace = name, SearchAttributes = { missing } });
        }

        var surplus = there.Keys.Where(k => !settings.SearchAttributes.ContainsKey(k)).ToList();
        if (surplus.Count > 0)
        {
            await at.CallAsync<RemoveSearchAttributesResponse>(new RemoveSearchAttributesRequest { Namespace = name, SearchAttributes = { surplus } });
        }

        return true;
    }, ct);

    public Task DeleteAsync(TemporalServer? server, string name, CancellationToken ct) => CallAsync(server, name, async at =>
    {
        try
        {
            await at.CallAsync<DeleteNamespaceResponse>(new DeleteNamespaceRequest { Namespace = name });
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // That is what was wanted.
        }

        return true;
    }, ct);

    /// <summary>What the server decided, as opposed to what it could not answer.</summary>
    private static bool IsRefusal(StatusCode code) =>
        code is StatusCode.InvalidArgument or StatusCode.AlreadyExists or StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.FailedPrecondition
            or StatusCode.Unimplemented or StatusCode.NotFound;

    private async Task<T> CallAsync<T>(TemporalServer? server, string name, Func<Asked, Task<T>> call, CancellationToken ct)
    {
        try
        {
            return await call(new Asked(server is null ? own : await others.ConnectAsync(server), ct));
        }
        catch (RpcException e)
        {
            var where = server is null ? "here" : $"at {server.Address}";
            throw new TemporalCallException($"namespace {name} {where}: {e.Status.Detail}", IsRefusal(e.StatusCode), e);
        }
    }

    /// <summary>A server that is asked as one of the platform's controllers.</summary>
    private sealed record Asked(ITemporalServer Server, CancellationToken Ct)
    {
        public Task<T> CallAsync<T>(IMessage request)
            where T : class, IMessage => Server.CallAsync<T>(Platform, request, "", Ct);
    }
}
