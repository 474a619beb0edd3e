namespace Flagstone.Platform.Yaml;

/// <summary>Why a YAML text cannot be read.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
/// <param name="Message">The cause and the way out, without the place.</param>
public sealed record YamlError(int Line, int Column, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"line {Line}, column {Column}: {Message}";
}
