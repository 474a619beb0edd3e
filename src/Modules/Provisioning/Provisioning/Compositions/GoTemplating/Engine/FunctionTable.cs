namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Functions by the name that templates call them by.</summary>
internal sealed class FunctionTable() : Dictionary<string, Function>(StringComparer.Ordinal)
{
    /// <summary>Puts tables together; where two have a name, the later one's counts, as with Go's <c>Funcs</c>.</summary>
    public static FunctionTable Of(params ReadOnlySpan<FunctionTable> tables)
    {
        var all = new FunctionTable();
        foreach (var table in tables)
        {
            foreach (var (name, function) in table)
            {
                all[name] = function;
            }
        }

        return all;
    }

    public void Add(string name, string signature, Func<Call, object?> body) => Add(name, Function.Of(signature, body));

    /// <summary>Adds further names of functions that are here.</summary>
    public FunctionTable Also(params ReadOnlySpan<(string Name, string Of)> aliases)
    {
        foreach (var (name, of) in aliases)
        {
            Add(name, this[of]);
        }

        return this;
    }
}
