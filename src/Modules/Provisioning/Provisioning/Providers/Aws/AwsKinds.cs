using System.Collections.Frozen;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;

namespace Flagstone.Provisioning.Providers.Aws;

/// <summary>The table of kinds that the assembly brings.</summary>
internal static class AwsKinds
{
    private static readonly FrozenDictionary<KindId, AwsKind> Table = Read().ToFrozenDictionary(k => k.Definition.Id);

    public static IReadOnlyList<AwsKind> All { get; } = [.. Table.Values.OrderBy(k => k.Definition.Id.ToString(), StringComparer.Ordinal)];

    public static IReadOnlyList<KindDefinition> CloudControl { get; } = Of("cloudcontrol");

    public static IReadOnlyList<KindDefinition> S3 { get; } = Of("s3");

    public static IReadOnlyList<KindDefinition> Sqs { get; } = Of("sqs");

    public static AwsKind Get(KindId id) => Table[id];

    private static KindDefinition[] Of(string service) => [.. All.Where(k => k.Service == service).Select(k => k.Definition)];

    private static IEnumerable<AwsKind> Read()
    {
        using var stream = typeof(AwsKinds).Assembly.GetManifestResourceStream("aws-kinds.yaml")!;
        using var reader = new StreamReader(stream);
        return YamlReader.TryReadAll(reader.ReadToEnd(), null, out var documents, out var error)
            ? documents.Select(d => AwsKind.Read(d.Mapping))
            : throw new FormatException(error.ToString());
    }
}
