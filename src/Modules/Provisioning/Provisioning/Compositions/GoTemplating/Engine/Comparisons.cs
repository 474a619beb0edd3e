namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Go's <c>eq</c> and <c>lt</c>: an int and a float64 do not compare, and numbers of a resource are float64.</summary>
internal static class Comparisons
{
    private const string Incompatible = "incompatible types for comparison";
    private const string Incomparable = "invalid type for comparison";

    public static object? AnyEqual(Call call)
    {
        if (call.Count < 2)
        {
            throw new CallFailure("missing argument for comparison");
        }

        return call.From(1).Any(other => Equal(call[0], other, call.Budget));
    }

    public static bool Equal(object? a, object? b, Budget budget) => (a, b) switch
    {
        (null, null) => true,
        (null, _) or (_, null) => false,
        (string x, string y) => x == y,
        (GoMap, GoMap) or (List<object?>, List<object?>) or (byte[], byte[]) =>
            throw new CallFailure($"non-comparable types {GoFormat.Of(a)}: {GoValue.TypeOf(a)}, {GoValue.TypeOf(b)}: {GoFormat.Of(b)}"),
        _ when a.GetType() != b.GetType() => throw new CallFailure(Incompatible),
        _ => GoValue.DeepEquals(a, b, budget),
    };

    public static bool Less(object? a, object? b) => (a, b) switch
    {
        (long x, long y) => x < y,
        (double x, double y) => x < y,
        (string x, string y) => string.CompareOrdinal(x, y) < 0,
        (TimeSpan x, TimeSpan y) => x < y,
        (long or double or string or bool, long or double or string or bool) when a.GetType() != b.GetType() => throw new CallFailure(Incompatible),
        _ => throw new CallFailure(Incomparable),
    };
}
