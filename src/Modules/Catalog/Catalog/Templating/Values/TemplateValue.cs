using System.Text.RegularExpressions;

namespace Flagstone.Catalog.Templating.Values;

/// <summary>
/// What an expression evaluates to. The kinds are those of JavaScript, because templates are written for an interpreter that has them:
/// a value that is missing and one that is null print alike and are kept apart when a value keeps its type.
/// </summary>
internal abstract record TemplateValue
{
    private protected TemplateValue() { }

    /// <summary>As error messages name it.</summary>
    public abstract string Kind { get; }
}

internal sealed record Undefined : TemplateValue
{
    private Undefined() { }

    public static Undefined Value { get; } = new();

    public override string Kind => "undefined";
}

internal sealed record Null : TemplateValue
{
    private Null() { }

    public static Null Value { get; } = new();

    public override string Kind => "null";
}

internal sealed record Flag : TemplateValue
{
    private Flag(bool value) => Value = value;

    public static Flag True { get; } = new(true);

    public static Flag False { get; } = new(false);

    public bool Value { get; }

    public override string Kind => "boolean";

    public static Flag Of(bool value) => value ? True : False;
}

internal sealed record Number(double Value) : TemplateValue
{
    public override string Kind => "number";
}

internal sealed record Text(string Value) : TemplateValue
{
    public static Text Empty { get; } = new("");

    public override string Kind => "string";
}

internal sealed record ListValue(IReadOnlyList<TemplateValue> Items) : TemplateValue
{
    public override string Kind => "array";

    public bool Equals(ListValue? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>Keys keep the order in which they were written, as they are printed in it.</summary>
internal sealed record MapValue(OrderedDictionary<string, TemplateValue> Entries) : TemplateValue
{
    public override string Kind => "object";

    public bool Equals(MapValue? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

internal sealed record Callable(string Name, Func<Arguments, TemplateValue> Invoke) : TemplateValue
{
    public override string Kind => "function";
}

/// <summary>A regular expression literal, <c>r/pattern/flags</c>.</summary>
internal sealed record Pattern(Regex Regex, bool Global) : TemplateValue
{
    public override string Kind => "regular expression";
}
