using System.Net;
using System.Security.Cryptography;
using System.Text;
using Flagstone.Platform;
using Flagstone.Platform.Identity;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Workflows.Processes;

/// <summary>
/// How the platform's own worker comes to the embedded server: by a listener of this machine alone that no setting names, with a key that lives as long
/// as the process does. So it needs neither a token of the installation nor to trust its certificate.
/// </summary>
public sealed class OwnConnection
{
    private static readonly OwnConnection Mark = new();

    private readonly string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private OwnConnection()
    {
    }

    internal static readonly Caller Caller = Caller.System("processes");

    internal static OwnConnection Create() => new();

    /// <summary>What the worker shows as its API key.</summary>
    internal string Key => key;

    /// <summary>Marks the connections of the listener.</summary>
    public static ConnectionDelegate Accept(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(Mark);
        return next(connection);
    };

    /// <summary>Whether a request came by the listener.</summary>
    public static bool Is(HttpContext context) => context.Features.Get<OwnConnection>() is not null;

    /// <summary>Null for who does not have the key.</summary>
    internal Caller? CallerOf(HttpContext context) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()), Encoding.UTF8.GetBytes($"Bearer {key}")) ? Caller : null;

    /// <summary>Where the listener is, once the server has started: the port that no setting names.</summary>
    internal static string AddressOf(IServer server, PlatformOptions options)
    {
        int[] known = [options.Port, options.KubernetesPort, options.AppsPort, options.TemporalPort];
        var port = server.Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => BindingAddress.Parse(a).Port).Except(known).Single();
        return $"{IPAddress.Loopback}:{port}";
    }
}
