namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>What encloses an action; an empty one means Go's.</summary>
internal sealed record Delimiters(string Left, string Right)
{
    public static Delimiters Default { get; } = new("{{", "}}");

    public static Delimiters Of(string left, string right) => new(left.Length > 0 ? left : Default.Left, right.Length > 0 ? right : Default.Right);
}
