using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Platform.Resources;

public enum SelectorOperator
{
    In,
    NotIn,
    Exists,
    NotExists,
}

/// <summary>One requirement on a label. <c>a=b</c> is <c>In</c> with one value, <c>a!=b</c> is <c>NotIn</c> with one.</summary>
public sealed record LabelRequirement(string Label, SelectorOperator Operator, IReadOnlyList<string> Values);

/// <summary>A Kubernetes label selector: all requirements hold.</summary>
public sealed record LabelSelector(IReadOnlyList<LabelRequirement> Requirements)
{
    private const int MaxRequirements = 32;

    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Each label has exactly this value.</summary>
    public static LabelSelector Equal(IReadOnlyDictionary<string, string> labels) =>
        new([.. labels.Select(l => new LabelRequirement(l.Key, SelectorOperator.In, [l.Value]))]);

    public bool IsEverything => Requirements.Count == 0;

    public bool Matches(IReadOnlyDictionary<string, string> labels) => Requirements.All(r => r.Operator switch
    {
        SelectorOperator.In => labels.TryGetValue(r.Label, out var value) && r.Values.Contains(value),
        SelectorOperator.NotIn => !labels.TryGetValue(r.Label, out var value) || !r.Values.Contains(value),
        SelectorOperator.Exists => labels.ContainsKey(r.Label),
        _ => !labels.ContainsKey(r.Label),
    });

    /// <summary>Reads <c>a=b,c!=d,e in (f,g),h notin (i),j,!k</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out LabelSelector? selector, [NotNullWhen(false)] out string? error)
    {
        (selector, error) = (null, null);
        var requirements = new List<LabelRequirement>();
        foreach (var part in Split(text ?? ""))
        {
            if (Parse(part.Trim()) is not { } requirement)
            {
                error = $"unable to parse requirement '{part.Trim()}' of the label selector; write it as a=b, a!=b, a in (b,c), a notin (b,c), a or !a";
                return false;
            }

            requirements.Add(requirement);
        }

        if (requirements.Count > MaxRequirements)
        {
            error = $"the label selector has {requirements.Count} requirements, and {MaxRequirements} are the most";
            return false;
        }

        selector = new LabelSelector(requirements);
        return true;
    }

    private static LabelRequirement? Parse(string part)
    {
        if (part.StartsWith('!'))
        {
            return Named(part[1..], SelectorOperator.NotExists, []);
        }

        if (part.EndsWith(')') && part.IndexOf('(', StringComparison.Ordinal) is > 0 and var open)
        {
            var words = part[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var values = part[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries);
            return words switch
            {
                [var label, "in"] => Named(label, SelectorOperator.In, values),
                [var label, "notin"] => Named(label, SelectorOperator.NotIn, values),
                _ => null,
            };
        }

        if (part.IndexOf("!=", StringComparison.Ordinal) is > 0 and var unequal)
        {
            return Named(part[..unequal], SelectorOperator.NotIn, [part[(unequal + 2)..].Trim()]);
        }

        if (part.IndexOf('=', StringComparison.Ordinal) is > 0 and var equal)
        {
            return Named(part[..equal], SelectorOperator.In, [part[(part[equal..].StartsWith("==", StringComparison.Ordinal) ? equal + 2 : equal + 1)..].Trim()]);
        }

        return Named(part, SelectorOperator.Exists, []);
    }

    private static LabelRequirement? Named(string label, SelectorOperator op, IReadOnlyList<string> values) =>
        LabelRules.WhyNotKey(label.Trim()) is null && values.All(v => LabelRules.WhyNotValue(v) is null) ? new LabelRequirement(label.Trim(), op, values) : null;

    private static IEnumerable<string> Split(string text)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        if (text.Length > start || start > 0)
        {
            yield return text[start..];
        }
    }
}
