using System.Collections.Concurrent;
using System.Text;
using Flagstone.Platform;
using Flagstone.Workflows.Contracts;
using Flagstone.Workflows.Frontend;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using SdkException = Temporalio.Exceptions.RpcException;

namespace Flagstone.Workflows.Namespaces.Servers;

/// <summary>Namespaces here and elsewhere, by the same messages.</summary>
internal sealed class TemporalNamespaces(OwnServer own, PlatformOptions options) : ITemporalNamespaces
{
    /// <summary>Where a namespace's data names who made it.</summary>
    private const string OwnerKey = "flagstone.dev/owner";

    private const string Open = "ExecutionStatus = 'Running'";

    /// <summary>More servers than one installation provisions on; who has more connects anew now and then.</summary>
    private const int MaxConnections = 64;

    private readonly ConcurrentDictionary<TemporalServer, INamespaceServer> others = [];

    public string OwnAddress => $"{options.Address}:{options.TemporalPort}";

    public Task<TemporalNamespaceState?> FindAsync(TemporalServer? server, string name, CancellationToken ct) => CallAsync(server, name, async at =>
    {
        DescribeNamespaceResponse there;
        try
        {
            there = await at.DescribeAsync(new DescribeNamespaceRequest { Namespace = name }, ct);
        }
        catch (Exception e) when (CodeOf(e) == StatusCode.NotFound)
        {
            return null;
        }

        if (there.NamespaceInfo.State == NamespaceState.Deleted)
        {
            return null;
        }

        var attributes = (await at.ListAttributesAsync(new ListSearchAttributesRequest { Namespace = name }, ct)).CustomAttributes;
        var open = await at.CountAsync(new CountWorkflowExecutionsRequest { Namespace = name, Query = Open }, ct);
        var settings = new TemporalNamespaceSettings(
            there.NamespaceInfo.Description, there.NamespaceInfo.OwnerEmail, there.Config.WorkflowExecutionRetentionTtl?.ToTimeSpan() ?? TimeSpan.Zero,
            attributes.ToDictionary(a => a.Key, a => a.Value.ToString(), StringComparer.Ordinal));
        return new TemporalNamespaceState(there.NamespaceInfo.Id, there.NamespaceInfo.Data.GetValueOrDefault(OwnerKey, ""), settings, open.Count);
    });

    public Task CreateAsync(TemporalServer? server, string name, string owner, TemporalNamespaceSettings settings, CancellationToken ct) => CallAsync(server, name, async at =>
    {
        await at.RegisterAsync(new RegisterNamespaceRequest
        {
            Namespace = name, Description = settings.Description, OwnerEmail = settings.OwnerEmail,
            WorkflowExecutionRetentionPeriod = Duration.FromTimeSpan(settings.Retention), Data = { [OwnerKey] = owner },
        }, ct);
        return true;
    });

    public Task UpdateAsync(TemporalServer? server, string name, TemporalNamespaceSettings settings, CancellationToken ct) => CallAsync(server, name, async at =>
    {
        await at.UpdateAsync(new UpdateNamespaceRequest
        {
            Namespace = name,
            UpdateInfo = new() { Description = settings.Description, OwnerEmail = settings.OwnerEmail },
            Config = new() { WorkflowExecutionRetentionTtl = Duration.FromTimeSpan(settings.Retention) },
        }, ct);
        var there = (await at.ListAttributesAsync(new ListSearchAttributesRequest { Namespace = name }, ct)).CustomAttributes;
        var missing = settings.SearchAttributes.Where(a => !there.ContainsKey(a.Key)).ToDictionary(a => a.Key, a => NamespaceMessages.TypeOf(a.Value));
        if (missing.Count > 0)
        {
            await at.AddAttributesAsync(new AddSearchAttributesRequest { Namespace = name, SearchAttributes = { missing } }, ct);
        }

        var surplus = there.Keys.Where(k => !settings.SearchAttributes.ContainsKey(k)).ToList();
        if (surplus.Count > 0)
        {
            await at.RemoveAttributesAsync(new RemoveSearchAttributesRequest { Namespace = name, SearchAttributes = { surplus } }, ct);
        }

        return true;
    });

    public Task DeleteAsync(TemporalServer? server, string name, CancellationToken ct) => CallAsync(server, name, async at =>
    {
        try
        {
            await at.DeleteAsync(new DeleteNamespaceRequest { Namespace = name }, ct);
        }
        catch (Exception e) when (CodeOf(e) == StatusCode.NotFound)
        {
            // That is what was wanted.
        }

        return true;
    });

    private static StatusCode? CodeOf(Exception e) => e switch
    {
        RpcException here => here.StatusCode,
        SdkException there => (StatusCode)(int)there.Code,
        _ => null,
    };

    /// <summary>What the server decided, as opposed to what it could not answer.</summary>
    private static bool IsRefusal(StatusCode? code) =>
        code is StatusCode.InvalidArgument or StatusCode.AlreadyExists or StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.FailedPrecondition
            or StatusCode.Unimplemented or StatusCode.NotFound;

    private async Task<T> CallAsync<T>(TemporalServer? server, string name, Func<INamespaceServer, Task<T>> call)
    {
        try
        {
            return await call(server is null ? own : await ConnectAsync(server));
        }
        catch (Exception e) when (e is RpcException or SdkException or InvalidOperationException or Platform.Ledger.StoreUnavailableException)
        {
            var where = server is null ? "here" : $"at {server.Address}";
            throw new TemporalCallException($"namespace {name} {where}: {(e is RpcException rpc ? rpc.Status.Detail : e.Message)}", IsRefusal(CodeOf(e)), e);
        }
    }

    private async Task<INamespaceServer> ConnectAsync(TemporalServer server)
    {
        if (others.TryGetValue(server, out var known))
        {
            return known;
        }

        if (others.Count >= MaxConnections)
        {
            others.Clear();
        }

        var connection = await TemporalConnection.ConnectAsync(new TemporalConnectionOptions(server.Address)
        {
            ApiKey = server.ApiKey.Length > 0 ? server.ApiKey : null,
            Tls = server.UseTls ? new TlsOptions
            {
                ServerRootCACert = Bytes(server.ServerCertificate), ClientCert = Bytes(server.ClientCertificate), ClientPrivateKey = Bytes(server.ClientKey),
            } : new TlsOptions { Disabled = true },
        });
        return others[server] = new OtherServer(connection);
    }

    private static byte[]? Bytes(string pem) => pem.Length > 0 ? Encoding.UTF8.GetBytes(pem) : null;
}
