using System.Collections.Frozen;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Filters;

internal delegate TemplateValue Filter(TemplateValue input, Arguments arguments, FilterContext context);

/// <summary>What filters share in one rendering. Random draws are repeatable: the same seed gives the same draws.</summary>
internal sealed class FilterContext(Budget budget, int seed)
{
    private readonly Random random = new(seed);

    public Budget Budget { get; } = budget;

    public int Draw(int count) => random.Next(count);

    public Text Text(string text)
    {
        Budget.Write(text.Length);
        return new Text(text);
    }
}

/// <summary>Every filter by name: those of nunjucks that Backstage has, and the four that Backstage adds.</summary>
internal static class FilterTable
{
    public static FrozenDictionary<string, Filter> All { get; } =
        new[] { TextFilters.All, HtmlFilters.All, NumberFilters.All, ListFilters.All, ValueFilters.All, BackstageFilters.All }
            .SelectMany(group => group)
            .ToFrozenDictionary(StringComparer.Ordinal);
}
