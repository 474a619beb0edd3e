using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Filters;

/// <summary>How filters read their input.</summary>
internal static class FilterInput
{
    /// <summary>The input as text, where nunjucks takes nothing and false for the empty string.</summary>
    public static string AsText(TemplateValue input) => input is Undefined or Null or Flag { Value: false } ? "" : Coercion.ToText(input);

    public static IReadOnlyList<TemplateValue> AsList(TemplateValue input, string filter, FilterContext context)
    {
        if (input is not ListValue list)
        {
            throw new TemplateFault($"{filter} requires an array");
        }

        context.Budget.Spend(list.Items.Count);
        return list.Items;
    }

    /// <summary>The value at a path such as <c>metadata.name</c>; a key that itself has dots is tried first.</summary>
    public static TemplateValue Attribute(TemplateValue item, TemplateValue attribute)
    {
        var path = Coercion.ToText(attribute);
        if (Entry(item, path) is { } direct)
        {
            return direct;
        }

        foreach (var part in path.Split('.'))
        {
            item = Entry(item, part) ?? Undefined.Value;
        }

        return item;
    }

    private static TemplateValue? Entry(TemplateValue item, string key) => item switch
    {
        MapValue map => map.Entries.GetValueOrDefault(key),
        ListValue list when int.TryParse(key, out var index) && index >= 0 && index < list.Items.Count => list.Items[index],
        _ => null,
    };
}
