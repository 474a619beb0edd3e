using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>Which server a ProviderConfig names, and as whom. Pure.</summary>
internal sealed record SqlLogin(string Host, int Port, string Username, string Password, string Database, SslMode SslMode)
{
    private const string DefaultDatabase = "postgres";
    private static readonly string[] Keys = ["endpoint", "port", "username", "password"];

    /// <summary>Exactly one of the two is not null.</summary>
    /// <param name="values">What the connection secret holds; empty when it is not there.</param>
    public static (SqlLogin? Login, string? Problem) Read(JsonNode? spec, IReadOnlyDictionary<string, string> values)
    {
        var reference = spec.At("credentials", "connectionSecretRef");
        var secret = $"{reference.Text("namespace")}/{reference.Text("name")}";
        if (values.Count == 0)
        {
            return (null, $"its secret {secret} is not there, or is empty. Make it with the keys {string.Join(", ", Keys)}");
        }

        if (Keys.FirstOrDefault(k => values.GetValueOrDefault(k, "").Length == 0) is { } missing)
        {
            return (null, $"its secret {secret} has no key '{missing}'. It needs {string.Join(", ", Keys)}");
        }

        // One server, by name or address: the driver would also take lists, and paths of sockets on this machine.
        var host = values["endpoint"];
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            return (null, $"the key 'endpoint' of secret {secret} is no host name and no address. The port has a key of its own");
        }

        return int.TryParse(values["port"], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= IPEndPoint.MaxPort
            ? (new(
                host, port, values["username"], values["password"], spec.Text("defaultDatabase") is { Length: > 0 } database ? database : DefaultDatabase,
                ModeOf(spec.Text("sslMode"), host)), null)
            : (null, $"the key 'port' of secret {secret} is no port. Use a number from 1 to {IPEndPoint.MaxPort}");
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{Username}@{Host}:{Port}/{Database}";

    /// <summary>What does not leave this machine needs no TLS, and a server here seldom has it.</summary>
    private static SslMode ModeOf(string named, string host) => named switch
    {
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "prefer" => SslMode.Prefer,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        "" when host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)) => SslMode.Prefer,
        _ => SslMode.Require,
    };
}
