using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;

namespace Flagstone.Catalog.Sources;

/// <summary>One resource as a commit declares it.</summary>
internal sealed record Manifest(string File, YamlDocument Source, KindDefinition Kind, ResourceKey Key)
{
    public JsonObject Document => Source.Mapping;

    public SourceRefusal Refuse(string cause, string field = "") => new(File, Source.LineOf(FieldText.Parse(field)), cause);
}

/// <summary>Why a commit is not applied. The line is 0 where the cause is not in a file.</summary>
internal sealed record SourceRefusal(string File, int Line, string Cause)
{
    public string Message => File.Length == 0 ? Cause : Line > 0 ? $"{File}:{Line}: {Cause}" : $"{File}: {Cause}";
}
