using System.ComponentModel.DataAnnotations;

namespace Flagstone.Workflows.Console.Codec;

/// <summary>The codec server that the console's pages ask for payloads that nobody else can read; keys <c>Flagstone:Workflows:Codec:...</c>.</summary>
internal sealed record CodecOptions
{
    public const string Section = "Flagstone:Workflows:Codec";

    /// <summary>Its address, below which <c>/decode</c> and <c>/encode</c> are; <c>{namespace}</c> in it is replaced. Empty for none.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>Whether browsers send the cookies that they have for it, by which it can know who asks.</summary>
    public bool Credentials { get; init; }

    /// <summary>What the console's pages may connect to; empty for nothing else.</summary>
    public string Origin => Endpoint.Length > 0 ? new Uri(Endpoint.Replace("{namespace}", "ns", StringComparison.Ordinal)).GetLeftPart(UriPartial.Authority) : "";

    /// <exception cref="ValidationException">The address cannot be used.</exception>
    public CodecOptions Checked() =>
        Endpoint.Length == 0 || (Uri.TryCreate(Endpoint.Replace("{namespace}", "ns", StringComparison.Ordinal), UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)) && address.Query.Length == 0) ? this
        : throw new ValidationException($"{Section}:Endpoint is '{Endpoint}'. Write an address that begins with https://, or http:// on this machine, without a query.");

    public string Of(string ns) => Endpoint.Replace("{namespace}", Uri.EscapeDataString(ns), StringComparison.Ordinal);
}
