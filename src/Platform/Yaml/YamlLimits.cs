namespace Flagstone.Platform.Yaml;

/// <summary>What a YAML text may cost. The defaults are far above what people write, and below what hurts.</summary>
public sealed record YamlLimits
{
    /// <summary>The defaults.</summary>
    public static YamlLimits Default { get; } = new();

    /// <summary>The longest text in bytes of UTF-8: 4 MiB.</summary>
    public int MaxBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The most values in all documents together, those that aliases and merge keys repeat counted each time: 100,000.</summary>
    public int MaxNodes { get; init; } = 100_000;

    /// <summary>The deepest nesting, aliases followed: 64, which is what JSON readers allow.</summary>
    public int MaxDepth { get; init; } = 64;
}
