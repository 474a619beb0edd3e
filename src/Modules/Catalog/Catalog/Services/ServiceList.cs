using Flagstone.Ui.Components;

namespace Flagstone.Catalog.Services;

/// <summary>Which services a query shows, and in which order.</summary>
internal static class ServiceList
{
    public static IReadOnlyList<ServiceRow> Select(IEnumerable<ServiceRow> all, ListState query)
    {
        var phase = query.Filters.GetValueOrDefault("phase", "");
        var owner = query.Filters.GetValueOrDefault("owner", "");
        var matching = all.Where(r =>
            (phase.Length == 0 || r.Status.Word == phase)
            && (owner.Length == 0 || r.Owner == owner)
            && (query.Search.Length == 0 || Texts(r).Any(t => t.Contains(query.Search, StringComparison.OrdinalIgnoreCase))));
        Func<ServiceRow, string> key = query.Sort switch
        {
            "status" => r => r.Status.Word,
            "owner" => r => r.Owner,
            "lifecycle" => r => r.Lifecycle,
            "created" => r => r.Created?.UtcDateTime.ToString("O") ?? "",
            _ => r => r.Name,
        };
        return query.Descending
            ? [.. matching.OrderByDescending(key, StringComparer.Ordinal).ThenBy(r => r.Href, StringComparer.Ordinal)]
            : [.. matching.OrderBy(key, StringComparer.Ordinal).ThenBy(r => r.Href, StringComparer.Ordinal)];
    }

    private static string[] Texts(ServiceRow row) => [row.Name, row.Title, row.Description, row.Owner, row.Namespace];
}
