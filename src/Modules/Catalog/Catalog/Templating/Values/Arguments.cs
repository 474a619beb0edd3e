namespace Flagstone.Catalog.Templating.Values;

/// <summary>What a filter, test, method or macro is called with.</summary>
internal sealed record Arguments(IReadOnlyList<TemplateValue> Positional, IReadOnlyDictionary<string, TemplateValue> Named)
{
    public static Arguments None { get; } = new([], new Dictionary<string, TemplateValue>());

    /// <summary>The argument by its name, else by its place, else undefined.</summary>
    public TemplateValue Get(int index, string name) =>
        Named.TryGetValue(name, out var named) ? named : At(index);

    public TemplateValue At(int index) => index < Positional.Count ? Positional[index] : Undefined.Value;

    public bool Has(int index, string name) => Get(index, name) is not (Undefined or Null);

    public string Text(int index, string name, string fallback) => Has(index, name) ? Coercion.ToText(Get(index, name)) : fallback;

    public int Integer(int index, string name, int fallback)
    {
        if (!Has(index, name))
        {
            return fallback;
        }

        var value = Coercion.ToNumber(Get(index, name));
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw new TemplateFault($"the argument {name} is not a whole number");
    }

    public bool Flag(int index, string name) => Coercion.IsTruthy(Get(index, name));
}
