namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>What Go's option <c>missingkey</c> makes of a key that a map does not hold.</summary>
internal enum MissingKey
{
    /// <summary>Nothing: it prints as <c>&lt;no value&gt;</c>.</summary>
    Invalid,

    /// <summary>A nil.</summary>
    Zero,

    Error,
}

/// <summary>A parsed template, with those that it defines.</summary>
/// <param name="Defined">Bodies by name, that of the source itself among them.</param>
internal sealed record Template(Source Source, IReadOnlyDictionary<string, IReadOnlyList<Node>> Defined, IReadOnlyDictionary<string, Function> Functions)
{
    /// <exception cref="TemplateException">The text is no template.</exception>
    public static Template Parse(string name, string text, Delimiters delimiters, IReadOnlyDictionary<string, Function> functions)
    {
        if (text.Length > Budget.MaxTemplateLength)
        {
            throw new TemplateException($"template: {name}: the template is longer than {Budget.MaxTemplateLength} characters");
        }

        var source = new Source(name, text);
        return new Template(source, new Parser(source, delimiters, functions).Parse(), functions);
    }

    /// <exception cref="TemplateException">The template fails, or takes more than its budget.</exception>
    public string Execute(object? data, MissingKey missingKey, Execution execution) =>
        new Evaluator(this, missingKey, execution).Execute(data);
}
