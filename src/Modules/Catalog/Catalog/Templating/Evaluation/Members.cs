using System.Globalization;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Evaluation;

/// <summary>
/// What <c>a.b</c> and <c>a[b]</c> find: the entries of maps and lists, and a closed set of methods. There is no way from here to the host.
/// </summary>
internal static class Members
{
    public static TemplateValue Get(TemplateValue target, TemplateValue key, Budget budget) => target switch
    {
        MapValue map => map.Entries.GetValueOrDefault(Coercion.ToText(key), Undefined.Value),
        ListValue list => FromList(list, key, budget),
        Text text => FromText(text, key, budget),
        Number number when key is Text name => OrUndefined(Methods.OfNumber(number, name.Value)),
        _ => Undefined.Value,
    };

    private static TemplateValue FromList(ListValue list, TemplateValue key, Budget budget)
    {
        if (TryIndex(key, list.Items.Count, out var index))
        {
            return list.Items[index];
        }

        return key switch
        {
            Text { Value: "length" } => new Number(list.Items.Count),
            Text name => OrUndefined(Methods.OfList(list, name.Value, budget)),
            _ => Undefined.Value,
        };
    }

    private static TemplateValue FromText(Text text, TemplateValue key, Budget budget)
    {
        if (TryIndex(key, text.Value.Length, out var index))
        {
            return new Text(text.Value[index].ToString());
        }

        return key switch
        {
            Text { Value: "length" } => new Number(text.Value.Length),
            Text name => OrUndefined(Methods.OfText(text, name.Value, budget)),
            _ => Undefined.Value,
        };
    }

    private static TemplateValue OrUndefined(Callable? method) => method is null ? Undefined.Value : method;

    private static bool TryIndex(TemplateValue key, int length, out int index)
    {
        index = -1;
        return key switch
        {
            Number number when double.IsInteger(number.Value) && number.Value >= 0 && number.Value < length =>
                (index = (int)number.Value) >= 0,
            Text text => int.TryParse(text.Value, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < length,
            _ => false,
        };
    }
}
