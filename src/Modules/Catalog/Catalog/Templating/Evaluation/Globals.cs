using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Evaluation;

/// <summary>The functions that every template has: <c>range</c>, <c>cycler</c> and <c>joiner</c>.</summary>
internal sealed class Globals(Budget budget)
{
    public TemplateValue Find(string name) => name switch
    {
        "range" => new Callable(name, Range),
        "cycler" => new Callable(name, Cycler),
        "joiner" => new Callable(name, Joiner),
        _ => Undefined.Value,
    };

    private ListValue Range(Arguments arguments)
    {
        var only = !arguments.Has(1, "stop");
        var from = only ? 0 : arguments.Integer(0, "start", 0);
        var to = only ? arguments.Integer(0, "start", 0) : arguments.Integer(1, "stop", 0);
        var step = arguments.Integer(2, "step", 1);
        if (step == 0)
        {
            throw new TemplateFault("the step of a range is zero");
        }

        List<TemplateValue> items = [];
        for (long i = from; step > 0 ? i < to : i > to; i += step)
        {
            budget.Spend();
            items.Add(new Number(i));
        }

        return new ListValue(items);
    }

    private static MapValue Cycler(Arguments arguments)
    {
        var items = arguments.Positional;
        var next = 0;
        var entries = new OrderedDictionary<string, TemplateValue>(StringComparer.Ordinal);
        entries["current"] = Null.Value;
        entries["next"] = new Callable("next", _ =>
        {
            entries["current"] = items.Count == 0 ? Undefined.Value : items[next++ % items.Count];
            return entries["current"];
        });
        entries["reset"] = new Callable("reset", _ =>
        {
            next = 0;
            entries["current"] = Null.Value;
            return Undefined.Value;
        });
        return new MapValue(entries);
    }

    private static Callable Joiner(Arguments arguments)
    {
        var separator = new Text(arguments.Text(0, "separator", ","));
        var first = true;
        return new Callable("joiner", _ =>
        {
            var result = first ? Text.Empty : separator;
            first = false;
            return result;
        });
    }
}
