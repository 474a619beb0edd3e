using System.Net;
using System.Security.Cryptography.X509Certificates;
using Flagstone.Platform;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Flagstone.Host;

/// <summary>The ports, and what is served on each: nothing answers on a port that is not its own.</summary>
internal static class Listeners
{
    /// <summary>The largest body that any port takes: the API server's limit is 3 MiB, and a push may be larger.</summary>
    private const long MaxBody = 64 * 1024 * 1024;

    public static void AddListeners(this WebApplicationBuilder builder, PlatformOptions options, X509Certificate2 certificate)
    {
        var address = IPAddress.Parse(options.Address);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Listen(address, options.Port, l => l.Protocols = HttpProtocols.Http1);
            kestrel.Listen(address, options.AppsPort, l => l.Protocols = HttpProtocols.Http1);
            kestrel.Listen(address, options.KubernetesPort, l =>
            {
                l.Protocols = HttpProtocols.Http1AndHttp2;
                l.UseHttps(certificate);
            });
        });
    }

    public static void UseListeners(this WebApplication app, PlatformOptions options)
    {
        var kubernetes = PlatformModule.KubernetesApi(app.Services);
        app.MapWhen(c => c.Connection.LocalPort == options.KubernetesPort, branch => branch.Run(kubernetes));
        app.UseServiceProxy(options);
        app.MapWhen(c => c.Connection.LocalPort != options.Port, branch => branch.Run(c =>
        {
            c.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }));
    }
}
