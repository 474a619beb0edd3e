using System.Security.Cryptography;
using System.Text;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>The names of the two logins of a role whose password rotates: <c>NAME_a</c> and <c>NAME_b</c>. Pure.</summary>
internal sealed record LoginNames(string Role, string A, string B)
{
    private const int HashDigits = 8;
    private const int SuffixBytes = 2;

    public static LoginNames Of(string role)
    {
        var stem = Encoding.UTF8.GetByteCount(role) + SuffixBytes <= SqlText.MaxNameBytes ? role : Shortened(role);
        return new(role, $"{stem}_a", $"{stem}_b");
    }

    /// <summary>Cut where PostgreSQL would cut, with a hash of the whole: two long names that begin alike have logins of their own.</summary>
    private static string Shortened(string role)
    {
        var stem = role;
        while (Encoding.UTF8.GetByteCount(stem) + 1 + HashDigits + SuffixBytes > SqlText.MaxNameBytes)
        {
            stem = stem[..^1];
        }

        return $"{stem}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(role)))[..HashDigits]}";
    }
}
