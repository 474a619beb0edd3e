using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Flagstone.Catalog.Templating;

/// <summary>
/// A template that cannot be parsed or rendered. The position is one-based and points at the construct that is the cause.
/// </summary>
[SuppressMessage("Design", "CA1032", Justification = "An error without a position and a cause helps no author of a template.")]
[SuppressMessage("Design", "CA1064", Justification = "Caught inside this module only.")]
internal sealed class TemplateException(string cause, int line, int column)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"Template error at line {line}, column {column}: {cause}"))
{
    public string Cause { get; } = cause;

    public int Line { get; } = line;

    public int Column { get; } = column;
}

/// <summary>What a filter, test or method refuses. It knows no position; the interpreter adds that of the call.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Never seen outside the interpreter.")]
[SuppressMessage("Design", "CA1064", Justification = "Caught inside this module only.")]
internal sealed class TemplateFault(string cause) : Exception(cause);
