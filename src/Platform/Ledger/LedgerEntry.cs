using System.Globalization;
using System.Text;

namespace Flagstone.Platform.Ledger;

/// <summary>
/// The bytes of a leaf: a JSON object in RFC 8785 form (members by name, no white space), so that anyone can write them again from the row.
/// Members: <c>actor at correlation digest key onBehalfOf origin reason seq verb</c>; empty ones are left out. <c>at</c> is in microseconds
/// since 1970, UTC. <c>digest</c> is the lower-case SHA-256 of the body as served, of salt and body for a sealed kind.
/// </summary>
internal static class LedgerEntry
{
    /// <summary>An entry bundle counts an entry's length in 16 bits (C2SP tlog-tiles).</summary>
    public const int MaxBytes = ushort.MaxValue;

    private const int MaxText = 2048;

    public static byte[] Write(Actor actor, long atMicros, string correlation, string digest, string key, string origin, string reason, long seq, string verb)
    {
        var text = new StringBuilder(320).Append('{');
        Member(text, "actor", actor.Id);
        text.Append(CultureInfo.InvariantCulture, $"\"at\":{atMicros},");
        Member(text, "correlation", correlation);
        Member(text, "digest", digest);
        Member(text, "key", key);
        Member(text, "onBehalfOf", actor.OnBehalfOf ?? "");
        Member(text, "origin", origin);
        Member(text, "reason", reason);
        text.Append(CultureInfo.InvariantCulture, $"\"seq\":{seq},");
        Member(text, "verb", verb);
        text[^1] = '}';
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Member(StringBuilder text, string name, string value)
    {
        if (value.Length == 0)
        {
            return;
        }

        text.Append('"').Append(name).Append("\":\"");
        foreach (var c in value.Length > MaxText ? value.AsSpan(0, MaxText) : value)
        {
            // RFC 8785 section 3.2.2.2: only these are escaped; everything else stands for itself.
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ when char.IsSurrogate(c) && value.Length > MaxText => text.Append('\uFFFD'),
                _ => text.Append(c),
            };
        }

        text.Append("\",");
    }
}
