using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Go's <c>encoding/json</c>: keys in order, numbers and escapes as Go writes them.</summary>
internal static class GoJson
{
    private const string Indent = "  ";

    // Reading makes a value of every other character at worst.
    private const int CharactersPerStep = 8;

    public static string Write(object? value, Budget budget, bool escapesHtml = true, bool indents = false)
    {
        var text = new StringBuilder();
        Write(value, new Format(text, budget, escapesHtml, indents), 0);
        return text.ToString();
    }

    /// <summary>Numbers are float64, as <c>json.Unmarshal</c> makes them.</summary>
    public static bool TryRead(string text, Budget budget, out object? value)
    {
        value = null;
        budget.Spend(text.Length / CharactersPerStep);
        try
        {
            value = GoValue.From(JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = true }), allFloat: true);
            return true;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or OverflowException or InvalidOperationException)
        {
            // A name that comes twice is found only when the members are listed.
            return false;
        }
    }

    private static void Write(object? value, Format format, int depth)
    {
        format.Budget.Spend();
        GoValue.CheckDepth(depth);
        if (format.Text.Length > Budget.MaxTextLength)
        {
            throw new CallFailure($"the text is longer than {Budget.MaxTextLength} characters");
        }

        switch (value)
        {
            case GoMap map:
                List('{', '}', [.. map.Sorted()], format, depth, member =>
                {
                    Quote(member.Key, format);
                    format.Text.Append(format.Indents ? ": " : ":");
                    Write(member.Value, format, depth + 1);
                });
                break;
            case List<object?> list:
                List('[', ']', list, format, depth, item => Write(item, format, depth + 1));
                break;
            case string text:
                Quote(text, format);
                break;
            case double number when !double.IsFinite(number):
                throw new CallFailure($"json: unsupported value: {GoFormat.Of(number)}");
            case double number:
                format.Text.Append(GoFloat.Json(number));
                break;
            case bool truth:
                format.Text.Append(truth ? "true" : "false");
                break;
            case long whole:
                format.Text.Append(whole.ToString(CultureInfo.InvariantCulture));
                break;
            case null or Missing:
                format.Text.Append("null");
                break;
            default:
                format.Text.Append(GoValue.ToJson(value, format.Budget)!.ToJsonString());
                break;
        }
    }

    private static void List<T>(char open, char close, List<T> items, Format format, int depth, Action<T> write)
    {
        format.Text.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            format.Text.Append(i > 0 ? "," : "");
            format.Break(depth + 1);
            write(items[i]);
        }

        if (items.Count > 0)
        {
            format.Break(depth);
        }

        format.Text.Append(close);
    }

    private static void Quote(string text, Format format)
    {
        format.Text.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => format.Text.Append("\\\""),
                '\\' => format.Text.Append(@"\\"),
                '\b' => format.Text.Append(@"\b"),
                '\f' => format.Text.Append(@"\f"),
                '\n' => format.Text.Append(@"\n"),
                '\r' => format.Text.Append(@"\r"),
                '\t' => format.Text.Append(@"\t"),
                < ' ' or '\u2028' or '\u2029' => format.Text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                '<' or '>' or '&' when format.EscapesHtml => format.Text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => format.Text.Append(c),
            };
        }

        format.Text.Append('"');
    }

    private sealed record Format(StringBuilder Text, Budget Budget, bool EscapesHtml, bool Indents)
    {
        public void Break(int depth)
        {
            if (Indents)
            {
                Text.Append('\n').Insert(Text.Length, Indent, depth);
            }
        }
    }
}
