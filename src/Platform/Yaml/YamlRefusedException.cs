using System.Diagnostics.CodeAnalysis;
using YamlDotNet.Core;

namespace Flagstone.Platform.Yaml;

/// <summary>Leaves the recursion over a document; it never leaves the reader.</summary>
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "It never leaves the reader.")]
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "Thrown and caught in one folder, always with a place.")]
internal sealed class YamlRefusedException(Mark place, string message) : Exception(message)
{
    public YamlError Error => new((int)place.Line, (int)place.Column, Message);
}
