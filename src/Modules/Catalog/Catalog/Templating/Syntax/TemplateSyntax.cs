namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>How a template marks what is not text.</summary>
internal sealed record TemplateSyntax
{
    /// <summary>Backstage's: <c>${{ value }}</c>, <c>{% statement %}</c>, <c>{# comment #}</c>.</summary>
    public static TemplateSyntax Backstage { get; } = new();

    /// <summary>Leaves out the first line break after a statement.</summary>
    public bool TrimBlocks { get; init; }

    /// <summary>Leaves out the white space before a statement that stands first on its line.</summary>
    public bool LstripBlocks { get; init; }
}
