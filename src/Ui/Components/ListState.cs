using System.Collections.Immutable;

namespace Flagstone.Ui.Components;

/// <summary>Filters, order and page of a list: all of it is the address's query, so that a view can be linked to.</summary>
public sealed record ListState(string Search = "", string Sort = "", bool Descending = false, int Page = 1)
{
    public const int PageSize = 50;

    /// <summary>Filters by name; empty ones are left out of the address.</summary>
    public ImmutableSortedDictionary<string, string> Filters { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ListState SortedBy(string key) => this with { Sort = key, Descending = Sort == key && !Descending, Page = 1 };

    public ListState With(string filter, string? value) => this with { Filters = Filters.SetItem(filter, value ?? ""), Page = 1 };

    public string ToHref(string path)
    {
        var parts = new List<string>();
        Add("q", Search);
        foreach (var (name, value) in Filters)
        {
            Add(name, value);
        }

        Add("sort", Sort);
        Add("desc", Descending ? "true" : "");
        Add("page", Page > 1 ? Page.ToString(System.Globalization.CultureInfo.InvariantCulture) : "");
        return parts.Count == 0 ? path : $"{path}?{string.Join('&', parts)}";

        void Add(string name, string value)
        {
            if (value.Length > 0)
            {
                parts.Add($"{name}={Uri.EscapeDataString(value)}");
            }
        }
    }

    /// <summary>The rows of the page, and how many pages there are.</summary>
    public (IReadOnlyList<T> Rows, int Pages) Slice<T>(IReadOnlyList<T> all)
    {
        var pages = Math.Max(1, (all.Count + PageSize - 1) / PageSize);
        var page = Math.Clamp(Page, 1, pages);
        return ([.. all.Skip((page - 1) * PageSize).Take(PageSize)], pages);
    }
}
