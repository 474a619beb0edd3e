using System.Collections.Concurrent;
using System.Text;
using Flagstone.Workflows.Contracts;
using Grpc.Core;
using Temporalio.Client;

namespace Flagstone.Workflows.Servers;

/// <summary>Connections to Temporal servers elsewhere, kept as long as their settings stay the same.</summary>
internal sealed class OtherServers
{
    /// <summary>More servers than one installation asks; who has more connects anew now and then.</summary>
    private const int MaxConnections = 64;

    private readonly ConcurrentDictionary<TemporalServer, ITemporalServer> servers = [];

    /// <exception cref="RpcException">It could not be connected to.</exception>
    public async Task<ITemporalServer> ConnectAsync(TemporalServer server)
    {
        if (servers.TryGetValue(server, out var known))
        {
            return known;
        }

        if (servers.Count >= MaxConnections)
        {
            servers.Clear();
        }

        try
        {
            return servers[server] = new OtherServer(await TemporalConnection.ConnectAsync(OptionsOf(server)));
        }
        catch (InvalidOperationException e)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"{server.Address} cannot be connected to: {e.Message}", e));
        }
    }

    public static TemporalConnectionOptions OptionsOf(TemporalServer server) => new(server.Address)
    {
        ApiKey = server.ApiKey.Length > 0 ? server.ApiKey : null,
        Tls = server.UseTls ? new TlsOptions
        {
            ServerRootCACert = Bytes(server.ServerCertificate), ClientCert = Bytes(server.ClientCertificate), ClientPrivateKey = Bytes(server.ClientKey),
        } : new TlsOptions { Disabled = true },
    };

    private static byte[]? Bytes(string pem) => pem.Length > 0 ? Encoding.UTF8.GetBytes(pem) : null;
}
