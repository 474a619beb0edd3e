using System.Security.Cryptography;
using System.Text;

namespace Flagstone.Provisioning.Claims;

/// <summary>Names of composed resources: the same for the same composite and template, so that a crash between naming and making finds them again.</summary>
internal static class ComposedNames
{
    private const int MaxLength = 63;
    private const int HashLength = 12;

    public static string Of(string compositeLabel, string compositeUid, string resource) => Child(Prefix(compositeLabel), compositeUid, resource);

    public static string Prefix(string compositeLabel) => $"{compositeLabel}-";

    /// <summary>Crossplane's <c>ChildName</c>: the prefix, cut where needed, and 12 hex digits of SHA-256 over uid and template name.</summary>
    public static string Child(string prefix, string compositeUid, string resource)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(compositeUid + resource)))[..HashLength];
        return prefix[..Math.Min(prefix.Length, MaxLength - HashLength)] + hash;
    }
}
