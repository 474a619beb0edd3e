using System.Buffers.Text;
using System.Text;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Http;

/// <summary>A page of <c>/api/v1</c>.</summary>
/// <param name="Next">The cursor of the next page, or null on the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>The cursor of a list in the order of namespace and name: opaque to clients, and never trusted.</summary>
public static class Cursors
{
    public const int MaxPage = 200;
    private const int DefaultPage = 50;

    public static int Limit(int? asked) => Math.Clamp(asked ?? DefaultPage, 1, MaxPage);

    /// <summary>The cursor behind a page of the store, or null when it was the last.</summary>
    public static string? After(ListPage page) =>
        page is { More: true, Items: [.., var last] } ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{last.Key.Namespace}/{last.Key.Name}")) : null;

    /// <summary>False for a text that is no cursor. Null and empty are the first page.</summary>
    public static bool TryRead(string? cursor, out (string Namespace, string Name)? after)
    {
        after = null;
        if (string.IsNullOrEmpty(cursor))
        {
            return true;
        }

        if (!Base64Url.IsValid(cursor) || Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split('/') is not [var ns, var name])
        {
            return false;
        }

        after = (ns, name);
        return true;
    }
}
