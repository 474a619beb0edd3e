using System.Net;

namespace Flagstone.Provisioning.Compositions.External;

/// <summary>Where a function listens. What a function sees holds the values of connection secrets, so plain text stays on the machine.</summary>
internal static class FunctionAddress
{
    /// <param name="target"><c>HOST:PORT</c> on this machine, or <c>https://HOST:PORT</c>.</param>
    /// <exception cref="FatalResultException">It is neither.</exception>
    public static Uri Parse(string function, string target)
    {
        var text = target.StartsWith("dns:///", StringComparison.Ordinal) ? target[7..] : target;
        if (!Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}", UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https") || address.Port <= 0 || address.PathAndQuery != "/")
        {
            throw new FatalResultException($"Function {function} names the address \"{target}\", which is none. Write HOST:PORT, or https://HOST:PORT.");
        }

        return address.Scheme == "https" || IsLoopback(address) ? address
            : throw new FatalResultException(
                $"Function {function} is at {target}, without TLS and not on this machine: requests hold the values of connection secrets. Write https://{address.Authority}.");
    }

    private static bool IsLoopback(Uri address) => address.IsLoopback || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip));
}
