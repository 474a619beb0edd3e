using System.Globalization;

namespace Flagstone.Load;

/// <summary>Prints each figure as it is known, and the targets with what was reached at the end.</summary>
internal sealed class Report(TextWriter output)
{
    private readonly List<string> targets = [];

    public void Line(string what, string figure) => output.WriteLine($"{what,-66} {figure}");

    public void Section(string name) => output.WriteLine($"\n{name}");

    /// <summary>A target that is reached from below, as a ratio.</summary>
    public void AtLeast(string what, double ratio, double target, string of) => Target(ratio >= target, what, $"x{Text(ratio)} of {of}", $"at least x{Text(target)}");

    /// <summary>A target that must not be passed.</summary>
    public void AtMost(string what, double value, double target, string unit) => Target(value <= target, what, $"{Text(value)} {unit}", $"at most {Text(target)} {unit}");

    public void Summarize()
    {
        Section("Targets");
        targets.ForEach(output.WriteLine);
    }

    private void Target(bool met, string what, string reached, string wanted) => targets.Add($"{(met ? "met   " : "MISSED")} {what,-59} {reached,-34} {wanted}");

    private static string Text(double number) => number.ToString(number < 10 ? "0.##" : "#,0", CultureInfo.InvariantCulture);
}
