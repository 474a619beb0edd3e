using Flagstone.Catalog.Templating.Syntax;

namespace Flagstone.Catalog.Scaffolder.Skeletons;

/// <summary>How a skeleton is rendered (Backstage, the inputs of <c>fetch:template</c>).</summary>
internal sealed record SkeletonOptions
{
    /// <summary>Globs of files whose contents are copied. Their names are rendered all the same.</summary>
    public IReadOnlyList<string> CopyWithoutTemplating { get; init; } = [];

    /// <summary>When set, only the contents of files with this ending are rendered, and the ending goes away.</summary>
    public string? TemplateFileExtension { get; init; }

    public TemplateSyntax Syntax { get; init; } = TemplateSyntax.Backstage;
}
