using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Evaluation;

/// <summary>The binary operators that need both sides, as JavaScript computes them.</summary>
internal static class Operators
{
    public static TemplateValue Apply(string op, TemplateValue left, TemplateValue right, Budget budget) => op switch
    {
        "==" => Flag.Of(Coercion.LooseEquals(left, right)),
        "!=" => Flag.Of(!Coercion.LooseEquals(left, right)),
        "===" => Flag.Of(Coercion.StrictEquals(left, right)),
        "!==" => Flag.Of(!Coercion.StrictEquals(left, right)),
        "<" => Flag.Of(Coercion.Compare(left, right) < 0),
        ">" => Flag.Of(Coercion.Compare(left, right) > 0),
        "<=" => Flag.Of(Coercion.Compare(left, right) <= 0),
        ">=" => Flag.Of(Coercion.Compare(left, right) >= 0),
        "in" => Flag.Of(Contains(right, left, budget)),
        "+" => Add(left, right, budget),
        "~" => Join(left, right, budget),
        "-" => Compute(left, right, (a, b) => a - b),
        "*" => Compute(left, right, (a, b) => a * b),
        "/" => Compute(left, right, (a, b) => a / b),
        "//" => Compute(left, right, (a, b) => Math.Floor(a / b)),
        "%" => Compute(left, right, (a, b) => a % b),
        "**" => Compute(left, right, Math.Pow),
        _ => throw new System.Diagnostics.UnreachableException(op),
    };

    private static TemplateValue Add(TemplateValue left, TemplateValue right, Budget budget) =>
        left is Text or ListValue or MapValue || right is Text or ListValue or MapValue
            ? Join(left, right, budget)
            : Compute(left, right, (a, b) => a + b);

    private static Text Join(TemplateValue left, TemplateValue right, Budget budget)
    {
        var (head, tail) = (Coercion.ToText(left), Coercion.ToText(right));
        budget.Write((long)head.Length + tail.Length);
        return new Text(head + tail);
    }

    private static Number Compute(TemplateValue left, TemplateValue right, Func<double, double, double> operation) =>
        new(operation(Coercion.ToNumber(left), Coercion.ToNumber(right)));

    private static bool Contains(TemplateValue container, TemplateValue item, Budget budget)
    {
        switch (container)
        {
            case ListValue list:
                budget.Spend(list.Items.Count);
                return list.Items.Any(candidate => Coercion.StrictEquals(candidate, item));
            case Text text:
                return text.Value.Contains(Coercion.ToText(item), StringComparison.Ordinal);
            case MapValue map:
                return map.Entries.ContainsKey(Coercion.ToText(item));
            default:
                throw new TemplateFault($"\"in\" cannot search in {container.Kind}; it searches in an array, an object or a string");
        }
    }
}
