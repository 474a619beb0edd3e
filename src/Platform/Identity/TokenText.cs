using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Flagstone.Platform.Identity;

/// <summary>
/// A bearer token: <c>fst_</c>, 256 random bits in base64url, and six characters of their digest, so that scanners recognise one and a
/// mistyped one is told apart. Only its SHA-256 is stored: it has too many bits to be guessed, so a slow hash would add nothing.
/// </summary>
internal static class TokenText
{
    private const string Prefix = "fst_";
    private const int SecretBytes = 32;
    private const int CheckLength = 6;

    public static string Create()
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        return $"{Prefix}{secret}{Check(secret)}";
    }

    public static bool LooksRight(string text) =>
        text.Length > Prefix.Length + CheckLength && text.StartsWith(Prefix, StringComparison.Ordinal)
        && Check(text[Prefix.Length..^CheckLength]) == text[^CheckLength..];

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Check(string secret) => Hash(secret)[..CheckLength];
}
