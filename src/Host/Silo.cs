using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Storage;
using Orleans.Configuration;
using Orleans.Connections.Security;

namespace Flagstone.Host;

/// <summary>The Orleans silo: one process alone over SQLite, a cluster over PostgreSQL.</summary>
internal static class Silo
{
    /// <summary>
    /// How many grains' places a silo remembers. Orleans has a million, of 400 bytes each, and keeps those of grains that are long gone; who is not among
    /// them is found by one look more.
    /// </summary>
    private const int MaxPlaces = 20_000;

    public static void AddSilo(this WebApplicationBuilder builder, PlatformOptions options, DataFolder folder)
    {
        if (!options.IsEmbedded)
        {
            builder.Services.AddSingleton(new MigrationSource("orleans", typeof(Silo).Assembly));
        }

        // The keys are settled when the database is brought to its schema, after the builder and before the start.
        builder.Services.AddSingleton(s => new SiloIdentity(s.GetRequiredService<InstallationKeys>().Sealing));
        builder.Services.AddOptions<SiloConnectionOptions>().Configure<SiloIdentity>((connections, identity) =>
        {
            var tls = Tls(identity);
            connections.ConfigureSiloInboundConnection(c => c.UseServerTls(tls));
            connections.ConfigureSiloOutboundConnection(c => c.UseClientTls(tls));
            connections.ConfigureGatewayInboundConnection(c => c.UseServerTls(tls));
        });

        builder.UseOrleans(silo =>
        {
            var port = options.SiloPort > 0 ? options.SiloPort : KeptPort(folder.In("silo.port"));
            silo.Configure<ClusterMembershipOptions>(m => m.DefunctSiloCleanupPeriod = TimeSpan.FromHours(1));
            silo.Configure<GrainDirectoryOptions>(d => d.CacheSize = MaxPlaces);
            if (options.IsEmbedded)
            {
                silo.Configure<EndpointOptions>(e => e.AdvertisedIPAddress = IPAddress.Loopback);
                silo.UseLocalhostClustering(siloPort: port, gatewayPort: 0);
                return;
            }

            silo.ConfigureEndpoints(IPAddress.Parse(options.SiloAddress), port, 0);
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
            // A dead silo's work must run elsewhere within half a minute: probes each 2 s, three missed. Two must agree, so that one with a bad
            // line does not end a healthy one; Orleans lets half of those there are suffice, which is one where two are left.
            silo.Configure<ClusterMembershipOptions>(m =>
            {
                m.ProbeTimeout = TimeSpan.FromSeconds(2);
                m.TableRefreshTimeout = TimeSpan.FromSeconds(5);
                m.NumMissedProbesLimit = 3;
                m.NumVotesForDeathDeclaration = 2;
                m.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
            });
        });
    }

    /// <summary>
    /// Silos of this installation speak to each other and to nobody else: who calls and who is called both show the installation's key. The port
    /// is within reach of the services that run here. TLS 1.2 and 1.3, as Orleans has it by default.
    /// </summary>
    private static TlsOptions Tls(SiloIdentity identity) => new()
    {
        RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
        ClientCertificateMode = RemoteCertificateMode.RequireCertificate,
        LocalCertificate = identity.Certificate,
        RemoteCertificateValidation = (peer, _, _) => identity.IsOurs(peer),
        OnAuthenticateAsServer = (_, server) => ((SslServerAuthenticationOptions)server.SslServerAuthenticationOptions).AllowTlsResume = false,
        OnAuthenticateAsClient = (_, client) =>
        {
            client.TargetHost = "flagstone";
            ((SslClientAuthenticationOptions)client.SslClientAuthenticationOptions).AllowTlsResume = false;
        },
    };

    /// <summary>
    /// The port of the start before, while it is free: a silo that was killed is known dead as soon as another comes up in its place,
    /// where one beside it would wait until the cluster has given it up.
    /// </summary>
    private static int KeptPort(string file)
    {
        if (File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var kept) && LoopbackPorts.IsFree(kept))
        {
            return kept;
        }

        var port = LoopbackPorts.Free();
        File.WriteAllText(file, port.ToString(CultureInfo.InvariantCulture));
        return port;
    }
}
