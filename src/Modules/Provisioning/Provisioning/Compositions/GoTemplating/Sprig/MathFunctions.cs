using System.Globalization;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's arithmetic. Whole numbers wrap around as Go's do.</summary>
internal static class MathFunctions
{
    public static FunctionTable Table { get; } = new FunctionTable
    {
        { "atoi", "string", c => long.TryParse(c.Text(0), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : 0L },
        { "int", "any", c => Casts.Integer(c[0]) },
        { "float64", "any", c => Casts.Float(c[0]) },
        { "toDecimal", "any", c => FromOctal(Casts.Text(c[0])) },
        { "add1", "any", c => unchecked(Casts.Integer(c[0]) + 1) },
        { "add", "any...", c => c.Arguments.Select(Casts.Integer).Aggregate(0L, (a, b) => unchecked(a + b)) },
        { "sub", "any any", c => unchecked(Casts.Integer(c[0]) - Casts.Integer(c[1])) },
        { "mul", "any any...", c => c.Arguments.Select(Casts.Integer).Aggregate(1L, (a, b) => unchecked(a * b)) },
        { "div", "any any", c => Divide(Casts.Integer(c[0]), Casts.Integer(c[1]), remainder: false) },
        { "mod", "any any", c => Divide(Casts.Integer(c[0]), Casts.Integer(c[1]), remainder: true) },
        { "max", "any any...", c => c.Arguments.Max(Casts.Integer) },
        { "min", "any any...", c => c.Arguments.Min(Casts.Integer) },
        { "add1f", "any", c => Casts.Float(c[0]) + 1 },
        { "addf", "any...", c => c.Arguments.Sum(Casts.Float) },
        { "subf", "any any...", c => c.From(1).Aggregate(Casts.Float(c[0]), (a, b) => a - Casts.Float(b)) },
        { "mulf", "any any...", c => c.From(1).Aggregate(Casts.Float(c[0]), (a, b) => a * Casts.Float(b)) },
        { "divf", "any any...", c => c.From(1).Aggregate(Casts.Float(c[0]), (a, b) => a / Casts.Float(b)) },
        { "maxf", "any any...", c => c.Arguments.Max(Casts.Float) },
        { "minf", "any any...", c => c.Arguments.Min(Casts.Float) },
        { "ceil", "any", c => Math.Ceiling(Casts.Float(c[0])) },
        { "floor", "any", c => Math.Floor(Casts.Float(c[0])) },
        { "round", "any int float...", Round },
        { "until", "int", c => Sequence(0, c.Integer(0), c.Integer(0) < 0 ? -1 : 1, c.Budget) },
        { "untilStep", "int int int", c => Sequence(c.Integer(0), c.Integer(1), c.Integer(2), c.Budget) },
        { "seq", "int...", c => string.Join(' ', Seq(c)) },
    }.Also(("int64", "int"), ("biggest", "max"));

    private static long Divide(long a, long b, bool remainder) => b switch
    {
        0 => throw new CallFailure("runtime error: integer divide by zero"),
        // The smallest number has no counterpart: .NET throws, Go wraps around.
        -1 => remainder ? 0 : unchecked(-a),
        _ => remainder ? a % b : a / b,
    };

    private static long FromOctal(string text) => Literals.TryInteger("0" + text, out var value) && text.All(char.IsAsciiDigit) ? value : 0;

    private static object? Round(Call call)
    {
        var power = Math.Pow(10, call.Integer(1));
        var scaled = power * Casts.Float(call[0]);
        var half = call.Count > 2 ? call.Float(2) : 0.5;
        var fraction = scaled - Math.Truncate(scaled);
        return (fraction >= half ? Math.Ceiling(scaled) : Math.Floor(scaled)) / power;
    }

    private static List<object?> Sequence(int start, int stop, int step, Budget budget)
    {
        if (step == 0 || (stop < start && step > 0) || (stop >= start && step < 0))
        {
            return [];
        }

        budget.Items((Math.Abs((long)stop - start) + Math.Abs(step) - 1) / Math.Abs(step));
        var items = new List<object?>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step)
        {
            items.Add(i);
        }

        return items;
    }

    /// <summary>As the shell's <c>seq</c>: the end is part of it.</summary>
    private static List<object?> Seq(Call call)
    {
        var (start, step, end) = call.Count switch
        {
            1 => (1, call.Integer(0) < 1 ? -1 : 1, call.Integer(0)),
            2 => (call.Integer(0), call.Integer(1) < call.Integer(0) ? -1 : 1, call.Integer(1)),
            3 => (call.Integer(0), call.Integer(1), call.Integer(2)),
            _ => (0, 0, 0),
        };
        var beyond = end < start ? -1 : 1;
        return end < start && step > 0 ? [] : Sequence(start, end + beyond, step, call.Budget);
    }
}
