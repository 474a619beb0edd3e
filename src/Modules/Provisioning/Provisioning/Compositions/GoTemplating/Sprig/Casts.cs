using System.Globalization;
using System.Text;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>How sprig reads any value as a text, a number or a list; what is none counts as zero.</summary>
internal static class Casts
{
    public static string Text(object? value) => value switch
    {
        string text => text,
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        _ => GoFormat.Of(value),
    };

    /// <summary>The texts of a list without its nils; anything else is a list of one.</summary>
    public static List<string> Texts(object? value) => value switch
    {
        null => [],
        List<object?> list => [.. list.Where(v => v is not null).Select(Text)],
        _ => [Text(value)],
    };

    public static long Integer(object? value) => value switch
    {
        long whole => whole,
        double number => Truncate(number),
        bool truth => truth ? 1 : 0,
        TimeSpan duration => duration.Ticks * TimeSpan.NanosecondsPerTick,
        string text when Literals.TryInteger(DecimalOf(text), out var whole) => whole,
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => Truncate(number),
        _ => 0,
    };

    public static double Float(object? value) => value switch
    {
        double number => number,
        long whole => whole,
        bool truth => truth ? 1 : 0,
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => 0,
    };

    /// <exception cref="CallFailure">It is no list.</exception>
    public static List<object?> List(object? value, string function) => value switch
    {
        List<object?> list => list,
        byte[] bytes => [.. bytes.Select(b => (object?)(long)b)],
        _ => throw new CallFailure($"Cannot find {function} on type {GoValue.KindOf(value)}"),
    };

    public static List<object?> List(IEnumerable<string> texts) => [.. texts];

    private static long Truncate(double number) => double.IsNaN(number) ? 0 : (long)Math.Clamp(Math.Truncate(number), long.MinValue, long.MaxValue);

    // A count such as 010 is ten, not octal: nobody who writes it into a specification means eight.
    private static string DecimalOf(string text) => text.Length > 1 && text.All(char.IsAsciiDigit) && text.TrimStart('0') is { Length: > 0 } digits ? digits : text;
}
