namespace Flagstone.Catalog.Services;

/// <summary>Addresses that come from documents: only web addresses become links.</summary>
internal static class ServiceLinks
{
    public static bool IsWeb(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https");

    public static string Short(string url) => url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..].TrimEnd('/');
}
