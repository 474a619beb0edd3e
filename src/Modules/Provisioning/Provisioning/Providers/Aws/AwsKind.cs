using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws;

/// <summary>One kind of Upbound's AWS providers and what it is to AWS: a document of <c>aws-kinds.yaml</c>, which explains its members.</summary>
internal sealed record AwsKind
{
    public required KindDefinition Definition { get; init; }

    /// <summary><c>cloudcontrol</c>, <c>s3</c> or <c>sqs</c>.</summary>
    public required string Service { get; init; }

    /// <summary>The CloudFormation type.</summary>
    public required string Type { get; init; }

    /// <summary>Why the kind cannot be made; empty when it can.</summary>
    public required string Unmapped { get; init; }

    /// <summary>The property that is the name, chosen here; empty when the provider chooses.</summary>
    public required string NameProperty { get; init; }

    public required bool LowerName { get; init; }

    /// <summary>A name that is chosen here too, though it is not the identifier; empty for none.</summary>
    public required string FixedName { get; init; }

    /// <summary>The identifier made of the name, which it has as <c>{name}</c>.</summary>
    public required string Identifier { get; init; }

    public required bool Taggable { get; init; }

    public required IReadOnlyDictionary<string, AwsProperty> Properties { get; init; }

    public required IReadOnlyDictionary<string, Reference> References { get; init; }

    public required IReadOnlyDictionary<string, string> Secrets { get; init; }

    public AwsGenerated? Generated { get; init; }

    public AwsVariant? Variant { get; init; }

    /// <summary>The property without which it cannot be used yet; empty when it can be at once.</summary>
    public required string Ready { get; init; }

    public required IReadOnlyDictionary<string, string> Connection { get; init; }

    public required IReadOnlyDictionary<string, string> AtProvider { get; init; }

    public required IReadOnlySet<string> Ignored { get; init; }

    public bool NameIsOurs => NameProperty.Length > 0;

    private string NameOf(string externalName) => LowerName ? externalName.ToLowerInvariant() : externalName;

    /// <param name="forProvider">Without references: an identifier may be made of a field.</param>
    public string IdentifierOf(string externalName, JsonObject forProvider) => forProvider.Aggregate(
        Identifier.Replace("{name}", NameOf(externalName), StringComparison.Ordinal),
        (text, field) => field.Value is JsonValue value ? text.Replace($"{{{field.Key}}}", value.ToString(), StringComparison.Ordinal) : text);

    /// <summary>The CloudFormation type of a resource: one field may choose between two.</summary>
    public string TypeOf(JsonObject forProvider) => IsVariant(forProvider) ? Variant!.Type : Type;

    public string PropertyOf(AwsProperty property, JsonObject forProvider) =>
        IsVariant(forProvider) && Variant!.Renames.TryGetValue(property.Name, out var other) ? other : property.Name;

    public static AwsKind Read(JsonObject entry)
    {
        var versions = Strings(entry["versions"]);
        return new AwsKind
        {
            Definition = ManagedKinds.Make(entry.Text("plural"), entry.Text("group"), versions[0], entry.Text("kind")) with { OtherVersions = [.. versions.Skip(1)] },
            Service = entry.Text("service") is { Length: > 0 } service ? service : "cloudcontrol",
            Type = entry.Text("type"),
            Unmapped = entry.Text("unmapped"),
            NameProperty = entry.Text("name"),
            LowerName = entry.Text("nameMarks") == "lower",
            FixedName = entry.Text("fixedName"),
            Identifier = entry.Text("identifier") is { Length: > 0 } identifier ? identifier : "{name}",
            Taggable = entry["tags"]?.ToString() == "true",
            Properties = Texts(entry["properties"]).ToDictionary(p => p.Key, p => AwsProperty.Parse(p.Value), StringComparer.Ordinal),
            References = Texts(entry["refers"]).ToDictionary(p => p.Key, p => ParseReference(p.Value), StringComparer.Ordinal),
            Secrets = Texts(entry["secrets"]),
            Generated = entry["generates"] is JsonObject made ? new AwsGenerated(made.Text("field"), made.Text("property"), made.Text("key")) : null,
            Variant = entry["variant"] is JsonObject other ? new AwsVariant(other.Text("field"), other.Text("value"), other.Text("type"), Texts(other["renames"])) : null,
            Ready = entry.Text("ready"),
            Connection = Texts(entry["connection"]),
            AtProvider = Texts(entry["atProvider"]),
            Ignored = Strings(entry["ignored"]).ToHashSet(StringComparer.Ordinal),
        };
    }

    private bool IsVariant(JsonObject forProvider) => Variant is { } variant && forProvider.Text(variant.Field) == variant.Value;

    private static Reference ParseReference(string text)
    {
        var words = text.Split(' ');
        var (group, plural) = (words[0].Split('/')[0], words[0].Split('/')[1]);
        return new(new KindId(plural, group), words.Length > 1 ? words[1] : "");
    }

    private static Dictionary<string, string> Texts(JsonNode? node) =>
        (node as JsonObject ?? []).ToDictionary(p => p.Key, p => p.Value?.ToString() ?? "", StringComparer.Ordinal);

    private static List<string> Strings(JsonNode? node) => [.. (node as JsonArray ?? []).Select(v => v?.ToString() ?? "")];
}

/// <summary>A property of a CloudFormation type, with what is known of it.</summary>
internal sealed record AwsProperty(string Name, IReadOnlySet<string> Marks)
{
    private static readonly HashSet<string> Known =
        ["string", "integer", "boolean", "json", "policy", "set", "single", "fixed", "written", "lower", "version", "key", "pairs"];

    public bool Fixed => Marks.Contains("fixed");

    public bool WriteOnly => Marks.Contains("written");

    public bool Is(string mark) => Marks.Contains(mark);

    public static AwsProperty Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var marks = words.Skip(1).ToHashSet(StringComparer.Ordinal);
        return marks.IsSubsetOf(Known) ? new(words[0], marks) : throw new FormatException($"The property '{text}' has a mark that is not known.");
    }
}

internal sealed record AwsGenerated(string Field, string Property, string Key);

internal sealed record AwsVariant(string Field, string Value, string Type, IReadOnlyDictionary<string, string> Renames);
