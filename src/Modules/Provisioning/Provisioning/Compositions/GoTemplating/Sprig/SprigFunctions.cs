using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Masterminds' sprig 3 without <c>env</c>, <c>expandenv</c> and <c>getHostByName</c>: a template sees only its data.</summary>
internal static class SprigFunctions
{
    public static FunctionTable Table { get; } = FunctionTable.Of(
        TextFunctions.Table, CaseFunctions.Table, RegexFunctions.Table, MathFunctions.Table, ListFunctions.Table, DictFunctions.Table, DefaultFunctions.Table,
        EncodingFunctions.Table, PathFunctions.Table, DateFunctions.Table, SemverFunctions.Table, RandomFunctions.Table);
}
