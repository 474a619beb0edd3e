using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>
/// The path of a tile or an entry bundle below the log's URL (C2SP tlog-tiles): <c>tile/0/x001/x234/067</c>,
/// <c>tile/entries/x001/234.p/17</c>. A path has one spelling; all others are refused.
/// </summary>
/// <param name="Level">The tile's level, or null for an entry bundle.</param>
/// <param name="Index">The tile's index in its level.</param>
/// <param name="Width">The number of hashes or entries: 256 when full, fewer for a partial one.</param>
public readonly record struct TilePath(int? Level, long Index, int Width)
{
    private const string Prefix = "tile/";
    private const string Entries = "entries";
    private const string PartialMark = ".p/";
    private const int MaxSpecLevel = 63;
    private const int MaxGroups = 7;

    /// <summary>The tile, or null for an entry bundle.</summary>
    public TileId? Tile => Level is { } level ? new TileId(level, Index) : null;

    /// <summary>Whether fewer than 256 are asked for.</summary>
    public bool IsPartial => Width < TileId.Width;

    /// <summary>Parses a path without a leading slash, beginning with <c>tile/</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TilePath path)
    {
        path = default;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var rest = text.AsSpan(Prefix.Length);
        var slash = rest.IndexOf('/');
        if (slash < 0 || !TryParseLevel(rest[..slash], out var level))
        {
            return false;
        }

        rest = rest[(slash + 1)..];
        var width = TileId.Width;
        var mark = rest.IndexOf(PartialMark, StringComparison.Ordinal);
        if (mark >= 0)
        {
            if (!TryParseNumber(rest[(mark + PartialMark.Length)..], TileId.Width - 1, out width) || width == 0)
            {
                return false;
            }

            rest = rest[..mark];
        }

        if (!TryParseIndex(rest, out var index))
        {
            return false;
        }

        path = new(level, index, width);
        return true;
    }

    /// <summary>The path's one spelling.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Prefix);
        text.Append(Level is { } level ? level.ToString(CultureInfo.InvariantCulture) : Entries).Append('/');
        AppendHighGroups(text, Index / 1000);
        text.Append(CultureInfo.InvariantCulture, $"{Index % 1000:000}");
        if (IsPartial)
        {
            text.Append(PartialMark).Append(Width);
        }

        return text.ToString();
    }

    private static void AppendHighGroups(StringBuilder text, long high)
    {
        if (high == 0)
        {
            return;
        }

        AppendHighGroups(text, high / 1000);
        text.Append(CultureInfo.InvariantCulture, $"x{high % 1000:000}/");
    }

    private static bool TryParseLevel(ReadOnlySpan<char> text, out int? level)
    {
        level = null;
        if (text is Entries)
        {
            return true;
        }

        if (!TryParseNumber(text, MaxSpecLevel, out var number))
        {
            return false;
        }

        level = number;
        return true;
    }

    private static bool TryParseIndex(ReadOnlySpan<char> text, out long index)
    {
        index = 0;
        for (var groups = 1; groups <= MaxGroups; groups++)
        {
            var isLast = text.Length == 3;
            var digits = isLast ? text : text is ['x', _, _, _, '/', ..] ? text[1..4] : [];
            if (digits.Length != 3 || digits.ContainsAnyExceptInRange('0', '9') || (groups == 1 && !isLast && digits is "000"))
            {
                return false;
            }

            var group = int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
            if (index > (long.MaxValue - group) / 1000)
            {
                return false;
            }

            index = (index * 1000) + group;
            if (isLast)
            {
                return true;
            }

            text = text[5..];
        }

        return false;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, int max, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number <= max
        && (text.Length == 1 || text[0] != '0');
}
