using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Flagstone.Workflows.Archiving;

/// <summary>
/// Names of files and folders of the archive. A name that a client has chosen never leaves its folder: all but ASCII letters, digits, <c>-</c>, <c>_</c>
/// and dots behind the first character is written as <c>%</c> and two hexadecimal digits for each byte of its UTF-8. Pure.
/// </summary>
internal static class ArchiveNames
{
    public const string HistoryEnd = ".json.gz";
    public const string RecordEnd = ".info.json";

    /// <summary>File systems take 255 bytes, and the namespace's name is followed by its uid.</summary>
    private const int Longest = 180;

    private const int DigestLength = SHA256.HashSizeInBytes * 2;

    /// <param name="uid">So that a namespace that is made anew under its name has nothing to do with the one before.</param>
    public static string Namespace(string name, string uid) => $"{Escape(name)}-{uid}";

    /// <summary>A longer name is cut, and its SHA-256 follows a <c>~</c>, which no other name has.</summary>
    public static string Escape(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        var text = new StringBuilder();
        foreach (var one in bytes)
        {
            var letter = (char)one;
            if (char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' || (letter == '.' && text.Length > 0))
            {
                text.Append(letter);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
            }
        }

        return text.Length is > 0 and <= Longest ? text.ToString()
            : $"{text.ToString(0, Math.Min(text.Length, Longest - DigestLength - 1))}~{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
    }

    /// <summary>Whether a text is the id of a run as the engine writes it, and so can be part of a path.</summary>
    public static bool IsRun(string runId) => Guid.TryParseExact(runId, "D", out var id) && id.ToString() == runId;
}
