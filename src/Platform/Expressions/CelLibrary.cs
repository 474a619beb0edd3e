using System.Globalization;
using System.Text.RegularExpressions;
using Cel;

namespace Flagstone.Platform.Expressions;

/// <summary>
/// Functions that Kubernetes adds to CEL, of those that rules in schemas use most: strings (<c>lowerAscii</c>, <c>upperAscii</c>, <c>trim</c>,
/// <c>replace</c>, <c>split</c>, <c>join</c>, <c>substring</c>, <c>indexOf</c>, <c>lastIndexOf</c>, <c>charAt</c>), patterns (<c>find</c>), lists
/// (<c>isSorted</c>, <c>sum</c>, <c>min</c>, <c>max</c>, <c>indexOf</c>) and <c>isURL</c>. A rule with another says so when it is evaluated.
/// </summary>
internal static class CelLibrary
{
    private static readonly TimeSpan PatternLimit = TimeSpan.FromSeconds(1);

    public static void AddTo(CelEnvironment environment)
    {
        environment.RegisterFunction("lowerAscii", [typeof(string)], a => Text(a[0]).ToLowerInvariant());
        environment.RegisterFunction("upperAscii", [typeof(string)], a => Text(a[0]).ToUpperInvariant());
        environment.RegisterFunction("trim", [typeof(string)], a => Text(a[0]).Trim());
        environment.RegisterFunction("replace", [typeof(string), typeof(string), typeof(string)], a => Text(a[0]).Replace(Text(a[1]), Text(a[2]), StringComparison.Ordinal));
        environment.RegisterFunction("split", [typeof(string), typeof(string)], a => Text(a[0]).Split(Text(a[1])).ToArray<object?>());
        environment.RegisterFunction("substring", [typeof(string), typeof(long)], a => Text(a[0])[Index(a[1])..]);
        environment.RegisterFunction("substring", [typeof(string), typeof(long), typeof(long)], a => Text(a[0])[Index(a[1])..Index(a[2])]);
        environment.RegisterFunction("indexOf", [typeof(string), typeof(string)], a => (long)Text(a[0]).IndexOf(Text(a[1]), StringComparison.Ordinal));
        environment.RegisterFunction("lastIndexOf", [typeof(string), typeof(string)], a => (long)Text(a[0]).LastIndexOf(Text(a[1]), StringComparison.Ordinal));
        environment.RegisterFunction("charAt", [typeof(string), typeof(long)], a => Text(a[0]).Substring(Index(a[1]), 1));
        environment.RegisterFunction("find", [typeof(string), typeof(string)], a => Regex.Match(Text(a[0]), Text(a[1]), RegexOptions.CultureInvariant, PatternLimit).Value);
        environment.RegisterFunction("isURL", [typeof(string)], a => Uri.TryCreate(Text(a[0]), UriKind.Absolute, out _));
        AddLists(environment);
    }

    private static void AddLists(CelEnvironment environment)
    {
        Type[] list = [typeof(object[])];
        environment.RegisterFunction("join", list, a => string.Concat(List(a[0]).Select(Text)));
        environment.RegisterFunction("join", [typeof(object[]), typeof(string)], a => string.Join(Text(a[1]), List(a[0]).Select(Text)));
        environment.RegisterFunction("isSorted", list, a => List(a[0]).Zip(List(a[0]).Skip(1)).All(p => Comparer<object?>.Default.Compare(p.First, p.Second) <= 0));
        environment.RegisterFunction("min", list, a => List(a[0]).Min());
        environment.RegisterFunction("max", list, a => List(a[0]).Max());
        environment.RegisterFunction("sum", list, a => Array.TrueForAll(List(a[0]), v => v is long) ? List(a[0]).Sum(v => (long)v!) : (object)List(a[0]).Sum(Number));
        environment.RegisterFunction("indexOf", [typeof(object[]), typeof(object)], a => (long)Array.IndexOf(List(a[0]), a[1]));
    }

    private static string Text(object? value) => (string)value!;

    private static int Index(object? value) => checked((int)(long)value!);

    private static object?[] List(object? value) => (object?[])value!;

    private static double Number(object? value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
}
