using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's functions that choose by emptiness, and those that tell types.</summary>
internal static class DefaultFunctions
{
    public static FunctionTable Table { get; } = new()
    {
        { "default", "any any...", c => c.Count > 1 && GoValue.Truth(c[1]) ? c[1] : c[0] },
        { "empty", "any", c => !GoValue.Truth(c[0]) },
        { "coalesce", "any...", c => c.Arguments.FirstOrDefault(GoValue.Truth) },
        { "all", "any...", c => c.Arguments.All(GoValue.Truth) },
        { "any", "any...", c => c.Arguments.Any(GoValue.Truth) },
        { "ternary", "any any bool", c => c.Flag(2) ? c[0] : c[1] },
        { "typeOf", "any", c => GoValue.TypeOf(c[0]) },
        { "typeIs", "string any", c => GoValue.TypeOf(c[1]) == c.Text(0) },
        { "typeIsLike", "string any", c => GoValue.TypeOf(c[1]) is var type && (type == c.Text(0) || "*" + type == c.Text(0)) },
        { "kindOf", "any", c => GoValue.KindOf(c[0]) },
        { "kindIs", "string any", c => GoValue.KindOf(c[1]) == c.Text(0) },
        { "deepEqual", "any any", c => GoValue.DeepEquals(c[0], c[1], c.Budget) },
        { "hello", "", _ => "Hello!" },
    };
}
