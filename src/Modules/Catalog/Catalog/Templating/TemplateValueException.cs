using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Catalog.Templating;

/// <summary>A string inside a document that cannot be rendered. The path says which, as <c>values.name</c> or <c>items[2]</c>.</summary>
[SuppressMessage("Design", "CA1032", Justification = "An error without a path helps no author of a template.")]
[SuppressMessage("Design", "CA1064", Justification = "Caught inside this module only.")]
internal sealed class TemplateValueException(string path, TemplateException inner) : Exception($"{path}: {inner.Message}", inner)
{
    public string Path { get; } = path;

    public TemplateException Error { get; } = inner;
}
