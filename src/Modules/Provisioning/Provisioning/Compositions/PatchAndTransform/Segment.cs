using System.Globalization;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>One step of a field path: a member, or an index when the step stood in brackets as digits.</summary>
internal readonly record struct Segment(string Field, uint? Index = null)
{
    public override string ToString() => Index is { } i ? $"[{i}]" : Field;

    public static string Join(IEnumerable<Segment> path) => string.Concat(path.Select((s, i) =>
        s.Index is not null ? s.ToString() : s.Field == "*" || s.Field.AsSpan().ContainsAny('.', '[') ? $"[{s.Field}]" : i == 0 ? s.Field : $".{s.Field}"));

    /// <summary>Reads a path as crossplane-runtime's <c>fieldpath</c> does: <c>spec.list[0].map[dotted.key]</c>.</summary>
    public static List<Segment> Parse(string path)
    {
        var segments = new List<Segment>();
        var at = 0;
        while (at < path.Length)
        {
            at = path[at] switch
            {
                '[' => Bracket(path, at, segments),
                _ => Plain(path, at, segments),
            };
        }

        return segments;
    }

    private static int Plain(string path, int start, List<Segment> segments)
    {
        if (path[start] == '.')
        {
            // A period joins two fields: it neither begins nor ends a path, nor follows another.
            if (segments.Count == 0 || start + 1 == path.Length || path[start + 1] == '.')
            {
                throw Unexpected(path, '.', start + (segments.Count > 0 && start + 1 < path.Length ? 1 : 0));
            }

            start++;
            if (path[start] == '[')
            {
                throw Unexpected(path, '[', start);
            }
        }

        var end = path.AsSpan(start).IndexOfAny('.', '[', ']');
        end = end < 0 ? path.Length : start + end;
        if (end < path.Length && path[end] == ']')
        {
            throw Unexpected(path, ']', end);
        }

        segments.Add(new Segment(path[start..end].Trim('\'', '"')));
        return end;
    }

    private static int Bracket(string path, int start, List<Segment> segments)
    {
        var end = path.AsSpan(start + 1).IndexOfAny('[', ']');
        if (end < 0)
        {
            throw new PatchFailure($"cannot parse path \"{path}\": unterminated '[' at position {start}");
        }

        end += start + 1;
        if (path[end] == '[')
        {
            throw Unexpected(path, '[', end);
        }

        if (end == start + 1)
        {
            throw Unexpected(path, ']', end);
        }

        var text = path[(start + 1)..end];
        segments.Add(uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? new Segment(text, index)
            : new Segment(text.Trim('\'', '"')));
        return end + 1;
    }

    private static PatchFailure Unexpected(string path, char found, int at) =>
        new($"cannot parse path \"{path}\": unexpected '{found}' at position {at}");
}
