using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Http;

/// <summary>A page of <c>/api/v1</c>.</summary>
/// <param name="Next">The cursor of the next page, or null on the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>The cursor of a list: the sort key of the last item of a page. Opaque to clients, and never trusted.</summary>
public static class Cursors
{
    public const int MaxPage = 200;
    private const int DefaultPage = 50;

    public static int Limit(int? asked) => Math.Clamp(asked ?? DefaultPage, 1, MaxPage);

    /// <summary>The problem of a text that is no cursor of this list.</summary>
    public static Problem Unknown() => Catalogue.BadRequest("The cursor is none that this list gave out. Begin again without one.");

    /// <summary>The cursor behind a page of the store, or null when it was the last.</summary>
    public static string? After(ListPage page) => page is { More: true, Items: [.., var last] } ? Of(last.Key.Namespace, last.Key.Name) : null;

    /// <summary>A cursor of parts that hold no slash.</summary>
    public static string Of(params IEnumerable<string> parts) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Join('/', parts)));

    /// <summary>False for a text that is no cursor. Null and empty are the first page.</summary>
    public static bool TryRead(string? cursor, out (string Namespace, string Name)? after)
    {
        after = null;
        if (string.IsNullOrEmpty(cursor))
        {
            return true;
        }

        if (!TryRead(cursor, 2, out var parts))
        {
            return false;
        }

        after = (parts[0], parts[1]);
        return true;
    }

    /// <summary>The parts of a cursor that is not empty; false unless it has so many.</summary>
    public static bool TryRead(string cursor, int count, [NotNullWhen(true)] out string[]? parts)
    {
        parts = Base64Url.IsValid(cursor) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split('/') : null;
        return parts?.Length == count;
    }
}
