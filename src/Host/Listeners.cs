using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Flagstone.Platform;
using Flagstone.Workflows;
using Flagstone.Workflows.Processes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Flagstone.Host;

/// <summary>The ports, and what is served on each: nothing answers on a port that is not its own.</summary>
internal static class Listeners
{
    /// <summary>The largest body that any port takes: the API server's limit is 3 MiB, and a push may be larger.</summary>
    public const long MaxBody = 64 * 1024 * 1024;

    /// <summary>
    /// Calls at once on one connection. An SDK of Temporal has one for its client and all its workers: each workflow whose result is awaited holds a
    /// call of it, and those that come above the limit wait until another one ends.
    /// </summary>
    private const int MaxStreams = 10_000;

    public static void AddListeners(this WebApplicationBuilder builder, PlatformOptions options, X509Certificate2 certificate)
    {
        var address = IPAddress.Parse(options.Address);
        var workers = WorkerAuthority.Read(options);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
            kestrel.Listen(address, options.Port, l => l.Protocols = HttpProtocols.Http1);
            kestrel.Listen(address, options.AppsPort, l => l.Protocols = HttpProtocols.Http1);
            kestrel.Listen(address, options.KubernetesPort, l =>
            {
                l.Protocols = HttpProtocols.Http1AndHttp2;
                l.UseHttps(certificate);
            });
            kestrel.Listen(address, options.TemporalPort, l =>
            {
                // gRPC alone: HTTP/2, in the clear where nothing leaves the machine.
                l.Protocols = HttpProtocols.Http2;
                if (options.TemporalTls || !IPAddress.IsLoopback(address))
                {
                    l.UseHttps(certificate, https =>
                    {
                        if (workers is not null)
                        {
                            // Who shows none signs in with a token.
                            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                            https.ClientCertificateValidation = (shown, _, _) => workers.Accepts(shown);
                        }
                    });
                }
            });
            // For the platform's own worker; the system chooses the port. It has nothing to answer where the server is elsewhere.
            kestrel.Listen(IPAddress.Loopback, 0, l =>
            {
                l.Protocols = HttpProtocols.Http2;
                l.Use(OwnConnection.Accept);
            });
        });
    }

    /// <summary>
    /// Looks whether the ports can be had, so that a start that cannot succeed ends before it has begun. Who takes one in the moment between
    /// is still found by the listening itself.
    /// </summary>
    /// <exception cref="AddressInUseException">Another program listens on one of them.</exception>
    public static void EnsureFree(PlatformOptions options)
    {
        var address = IPAddress.Parse(options.Address);
        List<IPEndPoint> wanted = [new(address, options.Port), new(address, options.KubernetesPort), new(address, options.AppsPort), new(address, options.TemporalPort)];
        if (options.SiloPort > 0)
        {
            wanted.Add(new IPEndPoint(IPAddress.Parse(options.IsEmbedded ? "127.0.0.1" : options.SiloAddress), options.SiloPort));
        }

        // Held together: one that is named twice is found too.
        var probes = new List<Socket>();
        try
        {
            foreach (var endpoint in wanted)
            {
                var probe = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                probes.Add(probe);
                Probe(probe, endpoint);
            }
        }
        finally
        {
            probes.ForEach(p => p.Dispose());
        }
    }

    public static void UseListeners(this WebApplication app, PlatformOptions options)
    {
        var kubernetes = PlatformModule.KubernetesApi(app.Services);
        app.MapWhen(c => c.Connection.LocalPort == options.KubernetesPort, branch => branch.Run(kubernetes));
        app.UseServiceProxy(options);
        app.MapWhen(c => c.Connection.LocalPort != options.Port && !IsTemporal(c, options), branch => branch.Run(c =>
        {
            c.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }));
    }

    /// <summary>After routing: Temporal's API answers on its port alone, and nothing else does there.</summary>
    public static void UseTemporalPort(this WebApplication app, PlatformOptions options) => app.Use((context, next) =>
    {
        if (IsTemporalPort(context, options) == context.GetEndpoint()?.Metadata.GetMetadata<TemporalEndpoint>() is not null)
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    });

    private static bool IsTemporalPort(HttpContext context, PlatformOptions options) =>
        context.Connection.LocalPort == options.TemporalPort || OwnConnection.Is(context);

    private static bool IsTemporal(HttpContext context, PlatformOptions options) => IsTemporalPort(context, options)
        && HttpMethods.IsPost(context.Request.Method) && context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;

    private static void Probe(Socket probe, IPEndPoint endpoint)
    {
        try
        {
            probe.Bind(endpoint);
            probe.Listen();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException($"The port {endpoint} is taken.", e);
        }
        catch (SocketException e)
        {
            throw new ValidationException($"Nothing can listen at {endpoint}: {e.Message}. Correct --address, --silo-address or the port.", e);
        }
    }
}
