namespace Flagstone.Catalog.Templating;

/// <summary>What one rendering may spend. Templates come from anyone who can push to a catalog, so each is bounded.</summary>
internal sealed record TemplateLimits
{
    /// <summary>The limits that Backstage's own interpreter has, so that what renders there renders here.</summary>
    public static TemplateLimits Default { get; } = new();

    /// <summary>Evaluated nodes, and elements touched by filters and loops.</summary>
    public int Work { get; init; } = 1_000_000;

    /// <summary>Characters written, in the output and in strings made on the way.</summary>
    public int Output { get; init; } = 16_000_000;

    /// <summary>Nesting of expressions, blocks and macro calls. Far below what the stack of a thread pool thread holds.</summary>
    public int Depth { get; init; } = 256;
}
