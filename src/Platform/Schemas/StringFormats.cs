using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Flagstone.Platform.Schemas;

internal delegate bool StringFormat(ReadOnlySpan<char> text);

/// <summary>The formats that Kubernetes checks. A format that it does not know is only documentation, and so it is here.</summary>
internal static partial class StringFormats
{
    private const int MaxHostName = 253;

    public static StringFormat? Find(string format) => format switch
    {
        "date-time" or "datetime" => IsDateTime,
        "date" => text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "duration" => Duration().IsMatch,
        "byte" => text => Base64.IsValid(text),
        "email" => text => MailAddress.TryCreate(text.ToString(), out var mail) && mail.DisplayName.Length == 0,
        "hostname" => text => text.Length <= MaxHostName && HostName().IsMatch(text),
        "ipv4" => text => IsAddress(text, AddressFamily.InterNetwork),
        "ipv6" => text => IsAddress(text, AddressFamily.InterNetworkV6),
        "ip" => text => IsAddress(text, AddressFamily.InterNetwork) || IsAddress(text, AddressFamily.InterNetworkV6),
        "cidr" => IsCidr,
        "mac" => Mac().IsMatch,
        "uri" => IsUri,
        "uuid" => Uuid().IsMatch,
        "uuid3" => text => IsUuidOf(text, '3'),
        "uuid4" => text => IsUuidOf(text, '4'),
        "uuid5" => text => IsUuidOf(text, '5'),
        "hexcolor" => HexColor().IsMatch,
        "bsonobjectid" => ObjectId().IsMatch,
        _ => null,
    };

    private static bool IsDateTime(ReadOnlySpan<char> text) =>
        Rfc3339().IsMatch(text)
        && DateTimeOffset.TryParse(TrimFraction(text), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    // RFC 3339 allows any number of fraction digits; the runtime parses seven. They never make a time wrong.
    private static string TrimFraction(ReadOnlySpan<char> text)
    {
        var dot = text.IndexOf('.');
        if (dot < 0)
        {
            return text.ToString();
        }

        var zone = text[(dot + 1)..].IndexOfAnyExceptInRange('0', '9');
        return string.Concat(text[..dot], zone < 0 ? "" : text[(dot + 1 + zone)..]);
    }

    private static bool IsAddress(ReadOnlySpan<char> text, AddressFamily family) =>
        IPAddress.TryParse(text, out var address)
        && address.AddressFamily == family
        && (family == AddressFamily.InterNetwork ? DottedQuad().IsMatch(text) : !text.ContainsAny('%', '[', ']'));

    private static bool IsCidr(ReadOnlySpan<char> text)
    {
        var slash = text.IndexOf('/');
        return slash > 0
            && IPAddress.TryParse(text[..slash], out var address)
            && int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
            && bits <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }

    private static bool IsUri(ReadOnlySpan<char> text) =>
        text is ['/', ..] || (Scheme().IsMatch(text) && Uri.TryCreate(text.ToString(), UriKind.Absolute, out _));

    private static bool IsUuidOf(ReadOnlySpan<char> text, char version) =>
        Uuid().IsMatch(text) && text[text.Length == 36 ? 14 : 12] == version;

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})?\z", RegexOptions.ECMAScript)]
    private static partial Regex Rfc3339();

    [GeneratedRegex(@"^[+-]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*(ns|us|µs|ms|s|sec|m|min|h|hr|d|day|w|wk)s?)+\z", RegexOptions.None, 100)]
    private static partial Regex Duration();

    [GeneratedRegex(@"^([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)*\.?\z", RegexOptions.None, 100)]
    private static partial Regex HostName();

    [GeneratedRegex(@"^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!\z)|\z)){4}\z")]
    private static partial Regex DottedQuad();

    [GeneratedRegex(@"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\z")]
    private static partial Regex Mac();

    [GeneratedRegex(@"^[a-zA-Z][a-zA-Z0-9+.-]*:")]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}\z")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})\z")]
    private static partial Regex HexColor();

    [GeneratedRegex(@"^[0-9A-Fa-f]{24}\z")]
    private static partial Regex ObjectId();
}
