using Flagstone.Catalog.Templating.Evaluation;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Filters;

/// <summary>Filters over arrays.</summary>
internal static class ListFilters
{
    public static Dictionary<string, Filter> All { get; } = new()
    {
        ["batch"] = Batch,
        ["first"] = (input, _, _) => End(input, first: true),
        ["groupby"] = GroupBy,
        ["join"] = Join,
        ["last"] = (input, _, _) => End(input, first: false),
        ["random"] = (input, _, context) =>
            FilterInput.AsList(input, "random", context) is { Count: > 0 } items ? items[context.Draw(items.Count)] : Undefined.Value,
        ["reject"] = (input, arguments, context) => Where(input, arguments, "reject", false, context),
        ["rejectattr"] = (input, arguments, context) => WhereAttribute(input, arguments, "rejectattr", false, context),
        ["reverse"] = Reverse,
        ["select"] = (input, arguments, context) => Where(input, arguments, "select", true, context),
        ["selectattr"] = (input, arguments, context) => WhereAttribute(input, arguments, "selectattr", true, context),
        ["slice"] = Slice,
        ["sort"] = Sort,
    };

    private static TemplateValue End(TemplateValue input, bool first) => input switch
    {
        ListValue { Items: { Count: > 0 } items } => items[first ? 0 : ^1],
        Text { Value: { Length: > 0 } text } => new Text(text[first ? 0 : ^1].ToString()),
        _ => Undefined.Value,
    };

    private static ListValue Batch(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var size = Positive(arguments.Integer(0, "linecount", 0), "the size of a batch");
        var chunks = FilterInput.AsList(input, "batch", context).Chunk(size).Select(chunk => chunk.ToList()).ToList();
        if (arguments.Has(1, "fill_with") && chunks.Count > 0)
        {
            context.Budget.Spend(size);
            chunks[^1].AddRange(Enumerable.Repeat(arguments.Get(1, "fill_with"), size - chunks[^1].Count));
        }

        return new ListValue([.. chunks.Select(chunk => new ListValue(chunk))]);
    }

    private static ListValue Slice(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var items = FilterInput.AsList(input, "slice", context);
        var count = Positive(arguments.Integer(0, "slices", 0), "the number of slices");
        context.Budget.Spend(count);
        var (size, longer) = (items.Count / count, items.Count % count);
        List<TemplateValue> slices = [];
        for (var (i, from) = (0, 0); i < count; i++)
        {
            var length = size + (i < longer ? 1 : 0);
            List<TemplateValue> slice = [.. items.Skip(from).Take(length)];
            if (i >= longer && arguments.Has(1, "fill_with"))
            {
                slice.Add(arguments.Get(1, "fill_with"));
            }

            slices.Add(new ListValue(slice));
            from += length;
        }

        return new ListValue(slices);
    }

    private static MapValue GroupBy(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var groups = new OrderedDictionary<string, TemplateValue>(StringComparer.Ordinal);
        var grouped = FilterInput.AsList(input, "groupby", context)
            .GroupBy(item => Coercion.ToText(FilterInput.Attribute(item, arguments.Get(0, "attribute"))), StringComparer.Ordinal);
        foreach (var group in grouped)
        {
            groups[group.Key] = new ListValue([.. group]);
        }

        return new MapValue(groups);
    }

    private static Text Join(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var items = FilterInput.AsList(input, "join", context);
        var separator = arguments.Text(0, "delimiter", "");
        context.Budget.Write((long)separator.Length * items.Count);
        var attribute = arguments.Has(1, "attribute") ? arguments.Get(1, "attribute") : null;
        var parts = items.Select(item => Coercion.Print(attribute is null ? item : FilterInput.Attribute(item, attribute)));
        return context.Text(string.Join(separator, parts));
    }

    private static TemplateValue Reverse(TemplateValue input, Arguments arguments, FilterContext context)
    {
        if (input is not Text text)
        {
            return new ListValue([.. FilterInput.AsList(input, "reverse", context).Reverse()]);
        }

        var characters = text.Value.ToCharArray();
        Array.Reverse(characters);
        return context.Text(new string(characters));
    }

    private static ListValue Where(TemplateValue input, Arguments arguments, string name, bool expected, FilterContext context)
    {
        var test = arguments.Text(0, "test", "truthy");
        if (!Tests.All.TryGetValue(test, out var predicate))
        {
            throw new TemplateFault($"there is no test \"{test}\"");
        }

        var rest = new Arguments([.. arguments.Positional.Skip(1)], arguments.Named);
        return new ListValue([.. FilterInput.AsList(input, name, context).Where(item => predicate(item, rest) == expected)]);
    }

    private static ListValue WhereAttribute(TemplateValue input, Arguments arguments, string name, bool expected, FilterContext context) =>
        new([.. FilterInput.AsList(input, name, context)
            .Where(item => Coercion.IsTruthy(FilterInput.Attribute(item, arguments.Get(0, "attribute"))) == expected)]);

    private static ListValue Sort(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var items = FilterInput.AsList(input, "sort", context);
        var caseSensitive = arguments.Flag(1, "case_sensitive");
        var keyed = items.Select(item => (Key: SortKey(item, arguments, caseSensitive), Item: item));
        var comparer = Comparer<TemplateValue>.Create((a, b) => Coercion.Compare(a, b) ?? 0);
        var sorted = arguments.Flag(0, "reverse")
            ? keyed.OrderByDescending(pair => pair.Key, comparer)
            : keyed.OrderBy(pair => pair.Key, comparer);
        return new ListValue([.. sorted.Select(pair => pair.Item)]);
    }

    private static TemplateValue SortKey(TemplateValue item, Arguments arguments, bool caseSensitive)
    {
        var key = arguments.Has(2, "attribute") ? FilterInput.Attribute(item, arguments.Get(2, "attribute")) : item;
        return key is Text text && !caseSensitive ? new Text(text.Value.ToLowerInvariant()) : key;
    }

    private static int Positive(int value, string what) => value > 0 ? value : throw new TemplateFault($"{what} is not positive");
}
