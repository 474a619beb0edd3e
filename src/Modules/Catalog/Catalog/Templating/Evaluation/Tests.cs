using System.Collections.Frozen;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Evaluation;

/// <summary>The tests of <c>x is test</c>, those of nunjucks.</summary>
internal static class Tests
{
    public static FrozenDictionary<string, Func<TemplateValue, Arguments, bool>> All { get; } = Build();

    private static FrozenDictionary<string, Func<TemplateValue, Arguments, bool>> Build()
    {
        Func<TemplateValue, Arguments, bool> equal = (value, a) => Coercion.StrictEquals(value, a.At(0));
        Func<TemplateValue, Arguments, bool> greater = (value, a) => Coercion.Compare(value, a.At(0)) > 0;
        Func<TemplateValue, Arguments, bool> less = (value, a) => Coercion.Compare(value, a.At(0)) < 0;
        Func<TemplateValue, Arguments, bool> isNull = (value, _) => value is Null;
        return new Dictionary<string, Func<TemplateValue, Arguments, bool>>
        {
            ["callable"] = (value, _) => value is Callable,
            ["defined"] = (value, _) => value is not Undefined,
            ["divisibleby"] = (value, a) => Coercion.ToNumber(value) % Coercion.ToNumber(a.At(0)) == 0,
            ["eq"] = equal,
            ["equalto"] = equal,
            ["even"] = (value, _) => Coercion.ToNumber(value) % 2 == 0,
            ["falsy"] = (value, _) => !Coercion.IsTruthy(value),
            ["ge"] = (value, a) => Coercion.Compare(value, a.At(0)) >= 0,
            ["greaterthan"] = greater,
            ["gt"] = greater,
            ["iterable"] = (value, _) => value is ListValue or Text,
            ["le"] = (value, a) => Coercion.Compare(value, a.At(0)) <= 0,
            ["lessthan"] = less,
            ["lower"] = (value, _) => value is Text text && !text.Value.Any(char.IsUpper),
            ["lt"] = less,
            ["mapping"] = (value, _) => value is MapValue,
            ["ne"] = (value, a) => !Coercion.StrictEquals(value, a.At(0)),
            ["none"] = isNull,
            ["null"] = isNull,
            ["number"] = (value, _) => value is Number,
            ["odd"] = (value, _) => Math.Abs(Coercion.ToNumber(value) % 2) == 1,
            ["sameas"] = equal,
            ["string"] = (value, _) => value is Text,
            ["truthy"] = (value, _) => Coercion.IsTruthy(value),
            ["undefined"] = (value, _) => value is Undefined,
            ["upper"] = (value, _) => value is Text text && !text.Value.Any(char.IsLower),
        }.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
