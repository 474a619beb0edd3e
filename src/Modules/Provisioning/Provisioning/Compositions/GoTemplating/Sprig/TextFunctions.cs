using System.Text;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's functions of texts. Lengths are counted in UTF-16 units; Go counts bytes, which differs beyond ASCII.</summary>
internal static class TextFunctions
{
    public static FunctionTable Table { get; } = new FunctionTable
    {
        { "trim", "string", c => c.Text(0).Trim() },
        { "trimAll", "string string", c => TrimAll(c.Text(1), c.Text(0)) },
        { "trimPrefix", "string string", c => c.Text(1).StartsWith(c.Text(0), StringComparison.Ordinal) ? c.Text(1)[c.Text(0).Length..] : c.Text(1) },
        { "trimSuffix", "string string", c => c.Text(1).EndsWith(c.Text(0), StringComparison.Ordinal) ? c.Text(1)[..^c.Text(0).Length] : c.Text(1) },
        { "upper", "string", c => c.Text(0).ToUpperInvariant() },
        { "lower", "string", c => c.Text(0).ToLowerInvariant() },
        { "repeat", "int string", Repeat },
        { "substr", "int int string", c => Substring(c.Integer(0), c.Integer(1), c.Text(2)) },
        { "nospace", "string", c => string.Concat(c.Text(0).Where(x => !char.IsWhiteSpace(x))) },
        { "trunc", "int string", c => Truncate(c.Integer(0), c.Text(1)) },
        { "abbrev", "int string", c => Abbreviations.Shorten(c.Text(1), 0, c.Integer(0)) },
        { "abbrevboth", "int int string", c => Abbreviations.ShortenBoth(c.Text(2), c.Integer(0), c.Integer(1)) },
        { "wrap", "int string", c => Abbreviations.Wrap(c.Text(1), c.Integer(0), "\n", breaksWords: false, c.Budget) },
        { "wrapWith", "int string string", c => Abbreviations.Wrap(c.Text(2), c.Integer(0), c.Text(1), breaksWords: true, c.Budget) },
        { "contains", "string string", c => Contains(c) },
        { "hasPrefix", "string string", c => c.Text(1).StartsWith(c.Text(0), StringComparison.Ordinal) },
        { "hasSuffix", "string string", c => c.Text(1).EndsWith(c.Text(0), StringComparison.Ordinal) },
        { "quote", "any...", c => Joined(c, v => GoFormat.Quote(Casts.Text(v))) },
        { "squote", "any...", c => Joined(c, v => $"'{GoFormat.Of(v)}'") },
        { "cat", "any...", c => Joined(c, GoFormat.Of) },
        { "indent", "int string", c => Indent(c) },
        { "nindent", "int string", c => "\n" + Indent(c) },
        { "replace", "string string string", c => Replace(c.Text(2), c.Text(0), c.Text(1), c.Budget) },
        { "plural", "string string int", c => c.Integer(2) == 1 ? c.Text(0) : c.Text(1) },
        { "toString", "any", c => Casts.Text(c[0]) },
        { "toStrings", "any", c => Casts.List(Casts.Texts(c[0])) },
        { "join", "string any", Join },
        { "splitList", "string string", c => Casts.List(Split(c.Text(1), c.Text(0), c.Budget)) },
        { "split", "string string", c => Numbered(Split(c.Text(1), c.Text(0), c.Budget)) },
        { "splitn", "string int string", c => Numbered(Split(c.Text(2), c.Text(0), c.Budget, c.Integer(1))) },
        { "sortAlpha", "any", Sorted },
        { "fail", "string", c => throw new CallFailure(c.Text(0)) },
    }.Also(("trimall", "trimAll"));

    /// <summary>By a set: .NET's own looks through all characters for each one that it trims.</summary>
    private static string TrimAll(string text, string characters)
    {
        var trimmed = characters.ToHashSet();
        var (start, end) = (0, text.Length);
        while (start < end && trimmed.Contains(text[start]))
        {
            start++;
        }

        while (end > start && trimmed.Contains(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    private static bool Contains(Call call)
    {
        call.Budget.Search(call.Text(1).Length, call.Text(0).Length);
        return call.Text(1).Contains(call.Text(0), StringComparison.Ordinal);
    }

    private static List<object?> Sorted(Call call)
    {
        var texts = Casts.Texts(call[0]);
        // A comparison reads both texts as far as they agree.
        texts.ForEach(call.Budget.Look);
        return Casts.List(texts.Order(StringComparer.Ordinal));
    }

    private static string Repeat(Call call)
    {
        var (count, text) = (call.Integer(0), call.Text(1));
        if (count < 0)
        {
            throw new CallFailure("strings: negative Repeat count");
        }

        call.Budget.Text((long)count * text.Length);
        return new StringBuilder().Insert(0, text, text.Length == 0 ? 0 : count).ToString();
    }

    private static string Substring(int start, int end, string text)
    {
        (start, end) = start < 0 ? (0, end) : end < 0 || end > text.Length ? (start, text.Length) : (start, end);
        return start <= end && end <= text.Length && end >= 0
            ? text[start..end]
            : throw new CallFailure($"runtime error: slice bounds out of range [{start}:{end}] with length {text.Length}");
    }

    private static string Truncate(int count, string text) =>
        count < 0 && text.Length + count > 0 ? text[(text.Length + count)..]
        : count >= 0 && text.Length > count ? text[..count]
        : text;

    private static string Joined(Call call, Func<object?, string> write)
    {
        var text = new StringBuilder();
        foreach (var value in call.Arguments.Where(v => v is not null))
        {
            text.Append(text.Length > 0 ? " " : "").Append(write(value));
            if (text.Length > Budget.MaxTextLength)
            {
                call.Budget.Text(text.Length);
            }
        }

        return text.ToString();
    }

    private static string Indent(Call call)
    {
        var (spaces, text) = (call.Integer(0), call.Text(1));
        if (spaces < 0)
        {
            throw new CallFailure("strings: negative Repeat count");
        }

        call.Budget.Text(text.Length + ((long)spaces * (1 + text.AsSpan().Count('\n'))));
        var padding = new string(' ', spaces);
        return padding + text.Replace("\n", "\n" + padding, StringComparison.Ordinal);
    }

    private static string Replace(string text, string old, string by, Budget budget)
    {
        budget.Search(text.Length, old.Length);
        var count = old.Length == 0 ? text.Length + 1L : text.AsSpan().Count(old);
        budget.Text(text.Length + (count * Math.Max(0, by.Length - old.Length)));
        return old.Length > 0 ? text.Replace(old, by, StringComparison.Ordinal) : by + string.Concat(text.Select(c => c + by));
    }

    private static string Join(Call call)
    {
        var texts = Casts.Texts(call[1]);
        call.Budget.Text(texts.Sum(t => (long)t.Length + call.Text(0).Length));
        return string.Join(call.Text(0), texts);
    }

    private static string[] Split(string text, string separator, Budget budget, int most = 0)
    {
        budget.Search(text.Length, separator.Length);
        budget.Items(separator.Length == 0 ? text.Length : text.AsSpan().Count(separator) + 1);
        return separator.Length == 0 ? [.. text.Select(c => c.ToString())] : text.Split(separator, most > 0 ? most : int.MaxValue);
    }

    private static GoMap Numbered(string[] parts)
    {
        var map = new GoMap();
        for (var i = 0; i < parts.Length; i++)
        {
            map[$"_{i}"] = parts[i];
        }

        return map;
    }
}
