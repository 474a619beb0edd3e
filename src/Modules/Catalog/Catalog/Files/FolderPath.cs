using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Catalog.Files;

/// <summary>A folder inside a repository or workspace. The root is the empty path, written <c>.</c> or <c>./</c> by people.</summary>
internal readonly record struct FolderPath
{
    private FolderPath(string value) => Value = value;

    public static FolderPath Root { get; } = new("");

    public string Value { get => field ?? ""; }

    public static bool TryParse(string? text, out FolderPath folder, [NotNullWhen(false)] out string? refusal)
    {
        refusal = null;
        folder = Root;
        var trimmed = (text ?? "").TrimEnd('/');
        while (trimmed.StartsWith("./", StringComparison.Ordinal))
        {
            trimmed = trimmed[2..].TrimStart('/');
        }

        if (trimmed is "" or ".")
        {
            // "/" alone is the root of the machine, not of the workspace.
            refusal = text?.StartsWith('/') == true ? "the path is absolute" : null;
            return refusal is null;
        }

        if (!RelativePath.TryParse(trimmed, out var path, out refusal))
        {
            return false;
        }

        folder = new FolderPath(path.Value);
        return true;
    }

    /// <summary>The path below this folder, or null where the file lies elsewhere.</summary>
    public string? Below(RelativePath path)
    {
        if (Value.Length == 0)
        {
            return path.Value;
        }

        return path.Value.StartsWith(Value + "/", StringComparison.Ordinal) ? path.Value[(Value.Length + 1)..] : null;
    }

    public string Join(string path) => Value.Length == 0 ? path : $"{Value}/{path}";

    public override string ToString() => Value.Length == 0 ? "." : Value;
}
