using System.Text;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Texts cut or broken to a width, as Masterminds' <c>goutils</c> does it.</summary>
internal static class Abbreviations
{
    private const string Marker = "...";

    public static string ShortenBoth(string text, int left, int right) => right < 4 || (left > 0 && right < 7) ? text : Shorten(text, left, right);

    public static string Shorten(string text, int offset, int width)
    {
        if (width < 4 || text.Length <= width)
        {
            return text;
        }

        offset = Math.Clamp(offset, 0, text.Length);
        offset = Math.Min(offset, text.Length - (width - Marker.Length));
        if (offset <= 4)
        {
            return text[..(width - Marker.Length)] + Marker;
        }

        return offset + width - Marker.Length < text.Length
            ? Marker + Shorten(text[offset..], 0, width - Marker.Length)
            : Marker + text[^(width - Marker.Length)..];
    }

    public static string Wrap(string text, int width, string separator, bool breaksWords, Budget budget)
    {
        width = Math.Max(width, 1);
        budget.Text(text.Length + ((long)text.Length / width * separator.Length));
        var wrapped = new StringBuilder();
        var offset = 0;
        while (text.Length - offset > width)
        {
            if (text[offset] == ' ')
            {
                offset++;
                continue;
            }

            var end = text.LastIndexOf(' ', offset + width, width + 1);
            if (end < 0 && breaksWords)
            {
                wrapped.Append(text, offset, width).Append(separator);
                offset += width;
                continue;
            }

            end = end < 0 ? text.IndexOf(' ', offset + width) : end;
            if (end < 0)
            {
                break;
            }

            wrapped.Append(text, offset, end - offset).Append(separator);
            offset = end + 1;
        }

        return wrapped.Append(text, offset, text.Length - offset).ToString();
    }
}
