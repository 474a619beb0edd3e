using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's encodings and digests.</summary>
internal static class EncodingFunctions
{
    private const string Alphabet32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static FunctionTable Table { get; } = new FunctionTable
    {
        { "b64enc", "string", c => Convert.ToBase64String(Encoding.UTF8.GetBytes(c.Text(0))) },
        { "b64dec", "string", c => FromBase64(c.Text(0)) },
        { "b32enc", "string", c => ToBase32(Encoding.UTF8.GetBytes(c.Text(0))) },
        { "b32dec", "string", c => FromBase32(c.Text(0)) },
        { "sha1sum", "string", c => Convert.ToHexStringLower(Sha1(c.Text(0))) },
        { "sha256sum", "string", c => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(c.Text(0)))) },
        { "sha512sum", "string", c => Convert.ToHexStringLower(SHA512.HashData(Encoding.UTF8.GetBytes(c.Text(0)))) },
        { "adler32sum", "string", c => Adler32(c.Text(0)) },
        { "toJson", "any", c => GoJson.Write(c[0], c.Budget) },
        { "toPrettyJson", "any", c => GoJson.Write(c[0], c.Budget, indents: true) },
        { "toRawJson", "any", c => GoJson.Write(c[0], c.Budget, escapesHtml: false) },
        { "fromJson", "string", c => GoJson.TryRead(c.Text(0), c.Budget, out var value) ? value : null },
        { "mustFromJson", "string", c => GoJson.TryRead(c.Text(0), c.Budget, out var value) ? value : throw new CallFailure("the text is not JSON") },
    }.Also(("mustToJson", "toJson"), ("mustToPrettyJson", "toPrettyJson"), ("mustToRawJson", "toRawJson"));

    /// <summary>What cannot be decoded gives the error as the text: sprig does so too.</summary>
    private static string FromBase64(string text)
    {
        var bytes = new byte[(text.Length * 3 / 4) + 3];
        return Convert.TryFromBase64String(text, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : "illegal base64 data";
    }

    private static string ToBase32(byte[] bytes)
    {
        var text = new StringBuilder();
        for (var i = 0; i < bytes.Length; i += 5)
        {
            var group = bytes.AsSpan(i, Math.Min(5, bytes.Length - i));
            ulong bits = 0;
            foreach (var b in group)
            {
                bits = (bits << 8) | b;
            }

            bits <<= 8 * (5 - group.Length);
            var used = ((group.Length * 8) + 4) / 5;
            for (var digit = 0; digit < 8; digit++)
            {
                text.Append(digit < used ? Alphabet32[(int)(bits >> (35 - (5 * digit))) & 31] : '=');
            }
        }

        return text.ToString();
    }

    private static string FromBase32(string text)
    {
        var bytes = new List<byte>();
        var (bits, count) = (0, 0);
        foreach (var c in text.TrimEnd('='))
        {
            var digit = Alphabet32.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
            {
                return "illegal base32 data";
            }

            (bits, count) = (((bits << 5) | digit) & 0xFFFF, count + 5);
            if (count >= 8)
            {
                count -= 8;
                bytes.Add((byte)(bits >> count));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    [SuppressMessage("Security", "CA5350", Justification = "Templates name resources by it; nothing is protected with it.")]
    private static byte[] Sha1(string text) => SHA1.HashData(Encoding.UTF8.GetBytes(text));

    private static string Adler32(string text)
    {
        var (a, b) = (1u, 0u);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            a = (a + octet) % 65521;
            b = (b + a) % 65521;
        }

        return ((b << 16) | a).ToString(CultureInfo.InvariantCulture);
    }
}
