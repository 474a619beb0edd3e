using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Filters;

/// <summary>Filters over values of any kind.</summary>
internal static class ValueFilters
{
    private const int MaxIndent = 10;

    public static Dictionary<string, Filter> All { get; } = new()
    {
        ["d"] = Default,
        ["default"] = Default,
        ["dictsort"] = DictSort,
        ["dump"] = Dump,
        ["length"] = (input, _, _) => new Number(Length(input)),
        ["list"] = List,
    };

    private static TemplateValue Default(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var missing = arguments.Flag(1, "boolean") ? !Coercion.IsTruthy(input) : input is Undefined;
        return missing ? arguments.Get(0, "default_value") : input;
    }

    private static TemplateValue Dump(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var indent = arguments.Get(0, "spaces") switch
        {
            Number number => new string(' ', (int)Math.Clamp(number.Value, 0, MaxIndent)),
            Text text => text.Value[..Math.Min(text.Value.Length, MaxIndent)],
            _ => "",
        };
        return JsonValues.Stringify(input, indent) is { } json ? context.Text(json) : Undefined.Value;
    }

    private static int Length(TemplateValue input) => input switch
    {
        Text text => text.Value.Length,
        ListValue list => list.Items.Count,
        MapValue map => map.Entries.Count,
        _ => 0,
    };

    private static ListValue List(TemplateValue input, Arguments arguments, FilterContext context)
    {
        context.Budget.Spend(Length(input));
        return input switch
        {
            ListValue list => list,
            Text text => new ListValue([.. text.Value.Select(c => new Text(c.ToString()))]),
            MapValue map => new ListValue([.. map.Entries.Select(KeyAndValue)]),
            _ => throw new TemplateFault("list requires an array, an object or a string"),
        };
    }

    private static MapValue KeyAndValue(KeyValuePair<string, TemplateValue> entry) =>
        new(new OrderedDictionary<string, TemplateValue>(StringComparer.Ordinal)
        {
            ["key"] = new Text(entry.Key),
            ["value"] = entry.Value,
        });

    private static ListValue DictSort(TemplateValue input, Arguments arguments, FilterContext context)
    {
        if (input is not MapValue map)
        {
            throw new TemplateFault("dictsort requires an object");
        }

        context.Budget.Spend(map.Entries.Count);
        var byValue = arguments.Text(1, "by", "key") == "value";
        var caseSensitive = arguments.Flag(0, "case_sensitive");
        var comparer = Comparer<TemplateValue>.Create((a, b) => Coercion.Compare(a, b) ?? 0);
        return new ListValue([.. map.Entries
            .OrderBy(entry => Fold(byValue ? entry.Value : new Text(entry.Key), caseSensitive), comparer)
            .Select(entry => new ListValue([new Text(entry.Key), entry.Value]))]);
    }

    private static TemplateValue Fold(TemplateValue value, bool caseSensitive) =>
        value is Text text && !caseSensitive ? new Text(text.Value.ToUpperInvariant()) : value;
}
