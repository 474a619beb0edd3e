namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>What <c>flagstone render</c> is asked for. All are paths to files of YAML or JSON, where not said otherwise.</summary>
/// <param name="Composite">One composite; or one claim, where <see cref="Definition"/> is given.</param>
/// <param name="Composition">One Composition that makes its kind.</param>
public sealed record RenderArguments(string Composite, string Composition)
{
    /// <summary>Functions, in a file or a folder; null where the composition needs no others than the built-in ones.</summary>
    public string? Functions { get; init; }

    /// <summary>The CompositeResourceDefinition, whose defaults are then applied; null for none.</summary>
    public string? Definition { get; init; }

    /// <summary>Composed resources as they are, in a file or a folder; null for none.</summary>
    public string? Observed { get; init; }

    /// <summary>What functions may require besides, in files or folders.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>The Secrets of the steps' credentials, in a file or a folder; null for none.</summary>
    public string? Credentials { get; init; }

    /// <summary>Files with JSON for the context, by the context's key.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ContextFiles { get; init; } = [];

    /// <summary>JSON for the context, by the context's key; it wins over files.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ContextValues { get; init; } = [];

    /// <summary>Print the functions' results too, each as a document of kind Result.</summary>
    public bool IncludesResults { get; init; }

    /// <summary>Print the composite with the metadata and the spec that it came with.</summary>
    public bool IncludesFullComposite { get; init; }

    /// <summary>Print the context too, as a document of kind Context.</summary>
    public bool IncludesContext { get; init; }

    /// <summary>For how long it may take: a minute unless given.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Reads a duration as Go writes it, such as <c>90s</c> or <c>1m30s</c>.</summary>
    public static bool TryReadTimeout(string text, out TimeSpan timeout) => GoDuration.TryParse(text, out timeout) && timeout > TimeSpan.Zero;
}
