using System.Text;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>The functions of Go's <c>text/template</c> itself.</summary>
internal static class Builtins
{
    public static FunctionTable Table { get; } = new()
    {
        // The evaluator runs both itself when they have arguments, since they do not evaluate all of them.
        { "and", "any any...", c => c[0] },
        { "or", "any any...", c => c[0] },
        { "not", "any", c => !GoValue.Truth(c[0]) },
        { "len", "any", c => Length(c[0]) },
        { "index", "any any...", c => c.From(1).Aggregate((object?)Indexable(c[0]), Index) },
        { "slice", "any any...", Slice },
        { "print", "any...", c => GoFormat.Sprint(c.Arguments) },
        { "printf", "string any...", c => GoFormat.Sprintf(c.Text(0), [.. c.From(1)]) },
        { "println", "any...", c => GoFormat.Sprintln(c.Arguments) },
        { "html", "any...", c => Html(Joined(c)) },
        { "js", "any...", c => Script(Joined(c)) },
        { "urlquery", "any...", c => Uri.EscapeDataString(Joined(c)).Replace("%20", "+", StringComparison.Ordinal) },
        { "call", "any any...", c => throw new CallFailure(c[0] is null ? "call of nil" : $"non-function of type {GoValue.TypeOf(c[0])}") },
        { "eq", "any any...", Comparisons.AnyEqual },
        { "ne", "any any", c => !Comparisons.Equal(c[0], c[1], c.Budget) },
        { "lt", "any any", c => Comparisons.Less(c[0], c[1]) },
        { "le", "any any", c => Comparisons.Less(c[0], c[1]) || Comparisons.Equal(c[0], c[1], c.Budget) },
        { "gt", "any any", c => !Comparisons.Less(c[0], c[1]) && !Comparisons.Equal(c[0], c[1], c.Budget) },
        { "ge", "any any", c => !Comparisons.Less(c[0], c[1]) },
    };

    /// <summary>The part of a text or list between indices, as Go's own <c>slice</c> gives it.</summary>
    public static object? Slice(Call call)
    {
        var item = call[0] ?? throw new CallFailure("slice of untyped nil");
        if (call.Count > 3 && item is string)
        {
            throw new CallFailure("cannot 3-index slice a string");
        }

        var length = item is string or List<object?> ? (int)Length(item) : throw new CallFailure($"can't slice item of type {GoValue.TypeOf(item)}");
        var start = call.Count > 1 ? Position(call[1], length) : 0;
        var end = call.Count > 2 ? Position(call[2], length) : length;
        if (start > end)
        {
            throw new CallFailure($"invalid slice index: {start} > {end}");
        }

        return item is string text ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text), start, end - start) : ((List<object?>)item).GetRange(start, end - start);
    }

    private static long Length(object? value) => value switch
    {
        string text => Encoding.UTF8.GetByteCount(text),
        List<object?> list => list.Count,
        GoMap map => map.Count,
        byte[] bytes => bytes.Length,
        null => throw new CallFailure("len of nil pointer"),
        _ => throw new CallFailure($"len of type {GoValue.TypeOf(value)}"),
    };

    private static object Indexable(object? value) => value ?? throw new CallFailure("index of untyped nil");

    private static object? Index(object? item, object? index)
    {
        switch (item)
        {
            case null:
                throw new CallFailure("index of nil pointer");
            case GoMap map:
                return index is string key ? map.GetValueOrDefault(key)
                    : throw new CallFailure(index is null ? "value is nil; should be of type string" : $"value has type {GoValue.TypeOf(index)}; should be string");
            case List<object?> list:
                return list[Within(index, list.Count)];
            case byte[] bytes:
                return (long)bytes[Within(index, bytes.Length)];
            case string text:
                var utf8 = Encoding.UTF8.GetBytes(text);
                return (long)utf8[Within(index, utf8.Length)];
            default:
                throw new CallFailure($"can't index item of type {GoValue.TypeOf(item)}");
        }
    }

    private static int Within(object? index, int length)
    {
        var position = Position(index, length);
        return position < length ? position : throw new CallFailure($"index out of range: {position}");
    }

    private static int Position(object? index, int length) => index switch
    {
        long n when n >= 0 && n <= length => (int)n,
        long n => throw new CallFailure($"index out of range: {n}"),
        null => throw new CallFailure("cannot index slice/array with nil"),
        _ => throw new CallFailure($"cannot index slice/array with type {GoValue.TypeOf(index)}"),
    };

    private static string Joined(Call call) => call is { Count: 1 } && call[0] is string text ? text : GoFormat.Sprint(call.Arguments);

    private static string Html(string text) => Escaped(text, c => c switch
    {
        '"' => "&#34;",
        '\'' => "&#39;",
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '\0' => "\uFFFD",
        _ => null,
    });

    private static string Script(string text) => Escaped(text, c => c switch
    {
        '\\' => @"\\",
        '\'' => @"\'",
        '"' => "\\\"",
        '<' => @"\u003C",
        '>' => @"\u003E",
        '&' => @"\u0026",
        '=' => @"\u003D",
        < ' ' => $"\\u{(int)c:X4}",
        _ => null,
    });

    private static string Escaped(string text, Func<char, string?> escape)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            _ = escape(c) is { } replacement ? escaped.Append(replacement) : escaped.Append(c);
        }

        return escaped.ToString();
    }
}
