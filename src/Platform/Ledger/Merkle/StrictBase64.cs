using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>Standard base64 with padding and nothing else: the runtime's decoder passes over white space and stray trailing bits.</summary>
internal static class StrictBase64
{
    public static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        var buffer = new byte[(text.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64String(text, buffer, out var written)
            || Convert.ToBase64String(buffer.AsSpan(0, written)) != text)
        {
            return false;
        }

        bytes = buffer[..written];
        return true;
    }
}
