namespace Flagstone.Ui.Forms;

/// <summary>How a field is filled in.</summary>
public enum FieldKind
{
    Text,
    Lines,
    WholeNumber,
    Number,
    YesNo,

    /// <summary>One of a list, as a list that opens.</summary>
    Select,

    /// <summary>One of a list, all in view.</summary>
    Radio,

    /// <summary>A team of the catalog.</summary>
    Owner,

    /// <summary>A list or an object, written as JSON: no better field is there yet.</summary>
    Json,
}

/// <summary>A field of a golden path's form.</summary>
/// <param name="Default">The default as text, or empty.</param>
public sealed record FormField(string Name, string Title, FieldKind Kind, bool Required, string Default)
{
    public string Description { get; init; } = "";

    /// <summary>A further hint, below the field.</summary>
    public string Help { get; init; } = "";

    public string Placeholder { get; init; } = "";

    public IReadOnlyList<FormOption> Options { get; init; } = [];

    public decimal? Minimum { get; init; }

    public decimal? Maximum { get; init; }

    public int? MaxLength { get; init; }

    public bool AutoFocus { get; init; }
}

/// <param name="Value">The value as text.</param>
/// <param name="IsText">False when the template has a number or a boolean there.</param>
public sealed record FormOption(string Value, string Label, bool IsText = true);

/// <summary>A step of the form.</summary>
public sealed record FormPage(string Title, string Description, IReadOnlyList<FormField> Fields);
