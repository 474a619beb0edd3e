using System.Globalization;
using Flagstone.Catalog.Templating.Filters;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Evaluation;

/// <summary>The methods of strings, numbers and arrays that templates in the wild call. None of them changes its target.</summary>
internal static class Methods
{
    private const int MaxFractionDigits = 15;

    public static Callable? OfText(Text target, string name, Budget budget)
    {
        var text = target.Value;
        Func<Arguments, TemplateValue>? method = name switch
        {
            "toString" or "valueOf" => _ => target,
            "toLowerCase" => _ => new Text(text.ToLowerInvariant()),
            "toUpperCase" => _ => new Text(text.ToUpperInvariant()),
            "trim" => _ => new Text(text.Trim()),
            "trimStart" => _ => new Text(text.TrimStart()),
            "trimEnd" => _ => new Text(text.TrimEnd()),
            "startsWith" => a => Flag.Of(text.StartsWith(a.Text(0, "search", "undefined"), StringComparison.Ordinal)),
            "endsWith" => a => Flag.Of(text.EndsWith(a.Text(0, "search", "undefined"), StringComparison.Ordinal)),
            "includes" => a => Flag.Of(text.Contains(a.Text(0, "search", "undefined"), StringComparison.Ordinal)),
            "indexOf" => a => new Number(text.IndexOf(a.Text(0, "search", "undefined"), StringComparison.Ordinal)),
            "lastIndexOf" => a => new Number(text.LastIndexOf(a.Text(0, "search", "undefined"), StringComparison.Ordinal)),
            "charAt" => a => Members.Get(target, a.At(0) is Undefined ? new Number(0) : a.At(0), budget) is Text c ? c : Text.Empty,
            "slice" => a => new Text(Slice(text.Length, a, (from, to) => text[from..to], "")),
            "substring" => a => Substring(text, a),
            "split" => a => Split(text, a, budget),
            "replace" => a => Replacing.Replace(text, a.At(0), a.Text(1, "replacement", "undefined"), firstOnly: true, budget),
            "replaceAll" => a => Replacing.Replace(text, a.At(0), a.Text(1, "replacement", "undefined"), firstOnly: false, budget),
            "concat" => a => Written(text + string.Concat(a.Positional.Select(Coercion.ToText)), budget),
            "repeat" => a => Repeat(text, a.Integer(0, "count", 0), budget),
            "padStart" => a => Pad(text, a, atStart: true, budget),
            "padEnd" => a => Pad(text, a, atStart: false, budget),
            _ => null,
        };
        return method is null ? null : new Callable(name, method);
    }

    public static Callable? OfNumber(Number target, string name) => name switch
    {
        "toString" => new Callable(name, _ => new Text(NumberText.Format(target.Value))),
        "toFixed" => new Callable(name, a => new Text(ToFixed(target.Value, a.Integer(0, "digits", 0)))),
        _ => null,
    };

    public static Callable? OfList(ListValue target, string name, Budget budget)
    {
        budget.Spend();
        var items = target.Items;
        Func<Arguments, TemplateValue>? method = name switch
        {
            "toString" => _ => Written(Coercion.ToText(target), budget),
            "join" => a => Written(string.Join(a.Text(0, "separator", ","), items.Select(Coercion.Print)), budget),
            "includes" => a => Flag.Of(items.Any(item => Coercion.StrictEquals(item, a.At(0)))),
            "indexOf" => a => new Number(IndexOf(items, a.At(0))),
            "slice" => a =>
                new ListValue(Slice<List<TemplateValue>>(items.Count, a, (from, to) => [.. items.Skip(from).Take(to - from)], [])),
            "concat" => a => new ListValue([.. items, .. a.Positional.SelectMany(more => more is ListValue list ? list.Items : [more])]),
            "at" => a => a.Integer(0, "index", 0) is var i && (i < 0 ? i + items.Count : i) is var at && at >= 0 && at < items.Count
                ? items[at]
                : Undefined.Value,
            _ => null,
        };
        return method is null ? null : new Callable(name, a =>
        {
            budget.Spend(items.Count);
            return method(a);
        });
    }

    private static int IndexOf(IReadOnlyList<TemplateValue> items, TemplateValue wanted)
    {
        var before = items.TakeWhile(item => !Coercion.StrictEquals(item, wanted)).Count();
        return before < items.Count ? before : -1;
    }

    private static T Slice<T>(int length, Arguments arguments, Func<int, int, T> take, T nothing)
    {
        var from = Clamp(arguments.Integer(0, "start", 0), length);
        var to = Clamp(arguments.Integer(1, "end", length), length);
        return from < to ? take(from, to) : nothing;
    }

    private static int Clamp(int index, int length) => Math.Clamp(index < 0 ? index + length : index, 0, length);

    private static Text Substring(string text, Arguments arguments)
    {
        var from = Math.Clamp(arguments.Integer(0, "start", 0), 0, text.Length);
        var to = Math.Clamp(arguments.Integer(1, "end", text.Length), 0, text.Length);
        return new Text(text[Math.Min(from, to)..Math.Max(from, to)]);
    }

    private static ListValue Split(string text, Arguments arguments, Budget budget)
    {
        budget.Spend(text.Length);
        IEnumerable<string> parts = arguments.At(0) switch
        {
            Undefined => [text],
            Pattern pattern => pattern.Regex.Split(text),
            var separator when Coercion.ToText(separator).Length == 0 => text.Select(c => c.ToString()),
            var separator => text.Split(Coercion.ToText(separator)),
        };
        return new ListValue([.. parts.Take(arguments.Integer(1, "limit", int.MaxValue)).Select(part => new Text(part))]);
    }

    private static Text Repeat(string text, int count, Budget budget)
    {
        if (count < 0)
        {
            throw new TemplateFault("the count is negative");
        }

        budget.Write((long)text.Length * count);
        return new Text(string.Concat(Enumerable.Repeat(text, count)));
    }

    private static Text Pad(string text, Arguments arguments, bool atStart, Budget budget)
    {
        var missing = arguments.Integer(0, "length", 0) - text.Length;
        var filler = arguments.Text(1, "filler", " ");
        if (missing <= 0 || filler.Length == 0)
        {
            return new Text(text);
        }

        budget.Write(missing);
        var padding = string.Concat(Enumerable.Repeat(filler, (missing / filler.Length) + 1))[..missing];
        return new Text(atStart ? padding + text : text + padding);
    }

    private static string ToFixed(double value, int digits) =>
        digits is >= 0 and <= MaxFractionDigits
            ? value.ToString($"F{digits}", CultureInfo.InvariantCulture)
            : throw new TemplateFault($"the number of digits is not between 0 and {MaxFractionDigits}");

    private static Text Written(string text, Budget budget)
    {
        budget.Write(text.Length);
        return new Text(text);
    }
}
