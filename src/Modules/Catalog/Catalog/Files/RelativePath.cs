using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Flagstone.Catalog.Files;

/// <summary>
/// The path of a file inside a repository or workspace: segments joined by <c>/</c>. It can name nothing outside, and nothing that Git or a
/// case-insensitive disk would take for something else.
/// </summary>
internal readonly record struct RelativePath
{
    private const int MaxBytes = 1024;

    // What common file systems hold.
    private const int MaxSegmentBytes = 255;
    private const int MaxDepth = 32;

    private RelativePath(string value) => Value = value;

    public string Value { get => field ?? ""; }

    public static bool TryParse(string? text, out RelativePath path) => TryParse(text, out path, out _);

    public static bool TryParse(string? text, out RelativePath path, [NotNullWhen(false)] out string? refusal)
    {
        refusal = Refuse(text);
        path = refusal is null ? new RelativePath(text!) : default;
        return refusal is null;
    }

    public override string ToString() => Value;

    private static string? Refuse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "the path is empty";
        }

        if (text[0] == '/')
        {
            return "the path is absolute";
        }

        if (text.Contains('\\', StringComparison.Ordinal) || text.Any(char.IsControl))
        {
            return "the path has a backslash or a control character";
        }

        var segments = text.Split('/');
        if (segments.Length > MaxDepth || Encoding.UTF8.GetByteCount(text) > MaxBytes)
        {
            return $"the path is deeper than {MaxDepth} folders or longer than {MaxBytes} bytes";
        }

        return segments.Select(RefuseSegment).FirstOrDefault(refusal => refusal is not null);
    }

    private static string? RefuseSegment(string segment) => segment switch
    {
        "" => "the path has an empty segment",
        "." or ".." => "the path climbs out of its folder",
        _ when Encoding.UTF8.GetByteCount(segment) > MaxSegmentBytes => $"a segment is longer than {MaxSegmentBytes} bytes",
        _ when IsGitFolder(segment) => "the path goes through a folder that Git keeps for itself",
        _ => null,
    };

    // Also the spellings that NTFS and HFS+ resolve to ".git".
    private static bool IsGitFolder(string segment)
    {
        var name = segment.TrimEnd(' ', '.');
        return name.Equals(".git", StringComparison.OrdinalIgnoreCase) || name.Equals("git~1", StringComparison.OrdinalIgnoreCase);
    }
}
