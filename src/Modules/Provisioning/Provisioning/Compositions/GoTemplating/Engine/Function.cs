namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>What a parameter takes; what does not fit is refused in Go's words before the function is called.</summary>
internal enum Parameter
{
    Any,
    Text,
    Integer,
    Float,
    Boolean,
    Map,
    Time,
}

/// <summary>A function that templates call.</summary>
/// <param name="Parameters">In order; when the function is variadic, the last may come any number of times.</param>
internal sealed record Function(IReadOnlyList<Parameter> Parameters, bool IsVariadic, Func<Call, object?> Body)
{
    /// <summary>Reads a signature such as <c>string int any...</c>.</summary>
    public static Function Of(string signature, Func<Call, object?> body)
    {
        var variadic = signature.EndsWith("...", StringComparison.Ordinal);
        var names = signature.TrimEnd('.').Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Function([.. names.Select(ParameterOf)], variadic, body);
    }

    public Parameter ParameterAt(int index) => Parameters[Math.Min(index, Parameters.Count - 1)];

    public bool Takes(int count) => IsVariadic ? count >= Parameters.Count - 1 : count == Parameters.Count;

    public string Wanted => IsVariadic ? $"at least {Parameters.Count - 1}" : $"{Parameters.Count}";

    private static Parameter ParameterOf(string name) => name switch
    {
        "any" => Parameter.Any,
        "string" => Parameter.Text,
        "int" => Parameter.Integer,
        "float" => Parameter.Float,
        "bool" => Parameter.Boolean,
        "map" => Parameter.Map,
        "time" => Parameter.Time,
        _ => throw new ArgumentException($"There is no parameter type {name}.", nameof(name)),
    };
}
