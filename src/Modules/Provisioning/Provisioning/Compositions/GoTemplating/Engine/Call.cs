namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>A call of a function: its arguments, checked against the signature, and what runs it.</summary>
internal sealed record Call(IReadOnlyList<object?> Arguments, Evaluator Evaluator)
{
    public Execution Execution => Evaluator.Execution;

    public Budget Budget => Evaluator.Execution.Budget;

    public int Count => Arguments.Count;

    public object? this[int index] => Arguments[index];

    public string Text(int index) => (string)Arguments[index]!;

    public bool Flag(int index) => (bool)Arguments[index]!;

    public double Float(int index) => (double)Arguments[index]!;

    /// <summary>A whole number, which is never so large that arithmetic on it overflows an int.</summary>
    public int Integer(int index) => (int)Math.Clamp((long)Arguments[index]!, -int.MaxValue / 2, int.MaxValue / 2);

    /// <summary>A map; an empty one for nil.</summary>
    public GoMap Map(int index) => (GoMap?)Arguments[index] ?? [];

    public IEnumerable<object?> From(int index) => Arguments.Skip(index);
}
