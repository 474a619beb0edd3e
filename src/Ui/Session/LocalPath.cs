namespace Flagstone.Ui.Session;

/// <summary>Where a person is sent back to after signing in: a path of this console and nowhere else.</summary>
internal static class LocalPath
{
    public static string Of(string? path) =>
        path is { Length: > 0 and < 2048 } && path[0] == '/' && (path.Length == 1 || path[1] is not ('/' or '\\')) && !path.Any(char.IsControl) ? path : "/";
}
