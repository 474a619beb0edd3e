using System.Net;
using System.Net.Sockets;
using Flagstone.Platform;
using Orleans.Configuration;

namespace Flagstone.Host;

/// <summary>The Orleans silo: one process alone over SQLite, a cluster over PostgreSQL.</summary>
internal static class Silo
{
    public static void AddSilo(this WebApplicationBuilder builder, PlatformOptions options)
    {
        builder.UseOrleans(silo =>
        {
            var port = options.SiloPort > 0 ? options.SiloPort : FreePort();
            silo.Configure<EndpointOptions>(e => e.AdvertisedIPAddress = IPAddress.Loopback);
            silo.Configure<ClusterMembershipOptions>(m => m.DefunctSiloCleanupPeriod = TimeSpan.FromHours(1));
            if (options.IsEmbedded)
            {
                silo.UseLocalhostClustering(siloPort: port, gatewayPort: 0);
                return;
            }

            silo.ConfigureEndpoints(IPAddress.Loopback, port, 0);
            silo.Configure<ClusterOptions>(c =>
            {
                c.ClusterId = "flagstone";
                c.ServiceId = "flagstone";
            });
            silo.UseAdoNetClustering(ado =>
            {
                ado.Invariant = "Npgsql";
                ado.ConnectionString = PlatformModule.ConnectionString(options);
            });
            // A dead silo's work must run elsewhere within half a minute: probes each 2 s, three missed, two votes or as many as there are.
            silo.Configure<ClusterMembershipOptions>(m =>
            {
                m.ProbeTimeout = TimeSpan.FromSeconds(2);
                m.TableRefreshTimeout = TimeSpan.FromSeconds(5);
                m.NumMissedProbesLimit = 3;
                m.NumVotesForDeathDeclaration = 1;
                m.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
            });
        });
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
