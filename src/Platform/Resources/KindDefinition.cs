using System.Collections.Immutable;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Resources;

/// <summary>Which names a kind takes.</summary>
public enum NameRule
{
    /// <summary>RFC 1123 subdomain, up to 253 characters: the rule of most Kubernetes kinds.</summary>
    DnsSubdomain,

    /// <summary>RFC 1123 label, up to 63 characters: namespaces and services.</summary>
    DnsLabel,

    /// <summary>Backstage's rule: letters of both cases, digits, <c>- _ .</c>, up to 63 characters.</summary>
    Backstage,

    /// <summary>Any name that is one path segment: RBAC kinds.</summary>
    PathSegment,
}

/// <summary>A column of <c>kubectl get</c>.</summary>
/// <param name="JsonPath">Where the value is, for example <c>.status.phase</c>.</param>
/// <param name="Type"><c>string</c>, <c>integer</c>, <c>number</c>, <c>boolean</c> or <c>date</c>.</param>
/// <param name="Priority">0 shows always; more shows with <c>-o wide</c>.</param>
public sealed record PrinterColumn(string Name, string JsonPath, string Type = "string", int Priority = 0, string Description = "")
{
    /// <summary>Computes the value where no path can; null: by the path.</summary>
    public Func<System.Text.Json.Nodes.JsonObject, System.Text.Json.Nodes.JsonNode?>? Value { get; init; }
}

/// <summary>What a version of a kind has of its own.</summary>
public sealed record KindVersion(StructuralSchema? Schema, bool HasStatus, IReadOnlyList<PrinterColumn> Columns);

/// <summary>A kind of resource: what it is called, what it must look like and how it is served.</summary>
public sealed record KindDefinition
{
    public required KindId Id { get; init; }

    /// <summary>The CamelCase kind, for example <c>PostgreSQLInstance</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The version in which resources are stored.</summary>
    public required string Version { get; init; }

    /// <summary>Other versions that are served. A resource is the same in all of them but for <c>apiVersion</c>: nothing is converted.</summary>
    public IReadOnlyList<string> OtherVersions { get; init; } = [];

    /// <summary>What other versions have of their own; one that is not named here is as the stored one.</summary>
    public IReadOnlyDictionary<string, KindVersion> OwnVersions { get; init; } = ImmutableDictionary<string, KindVersion>.Empty;

    /// <summary>False when the version of storage is not served: then no path and no manifest finds it.</summary>
    public bool ServesStorage { get; init; } = true;

    /// <summary>The version that this is the view of, see <see cref="In"/>; empty for that of storage.</summary>
    public string RequestVersion { get; init; } = "";

    public string Singular { get; init; } = "";

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public bool Namespaced { get; init; } = true;

    /// <summary>The structural schema, or null for a kind that is taken as it is.</summary>
    public StructuralSchema? Schema { get; init; }

    /// <summary>True when <c>/status</c> is a subresource: then nothing else writes <c>status</c>.</summary>
    public bool HasStatus { get; init; }

    /// <summary>False for Kubernetes' kinds without a specification, such as ConfigMap: their metadata has no <c>generation</c>.</summary>
    public bool CountsGenerations { get; init; } = true;

    public IReadOnlyList<PrinterColumn> Columns { get; init; } = [];

    public NameRule NameRule { get; init; }

    /// <summary>True when <c>metadata</c> may hold other members than Kubernetes knows, as a Backstage entity's does.</summary>
    public bool OpenMetadata { get; init; }

    /// <summary>True for secrets: the body is sealed at rest and enters the ledger as a salted commitment.</summary>
    public bool Sealed { get; init; }

    /// <summary>True for core Events and Leases: they stand outside the ledger and expire.</summary>
    public bool Transient { get; init; }

    /// <summary>True for Kubernetes' own kinds: they take strategic merge patches.</summary>
    public bool BuiltIn { get; init; }

    /// <summary>True when only a cluster enforces what it says; it is stored, and says <c>Enforced=False</c>.</summary>
    public bool ClusterOnly { get; init; }

    /// <summary>
    /// True for what people ask the platform for: claims, and composites that lie in a namespace. Developers change them in their namespaces.
    /// </summary>
    public bool AskedFor { get; init; }

    /// <summary>True when its resources define kinds: one that is deleted takes the resources of its kinds with it.</summary>
    public bool DefinesKinds { get; init; }

    /// <summary>Brings a document into its stored form before it is judged, as <c>stringData</c> of a Secret into <c>data</c>; null for none.</summary>
    public Action<System.Text.Json.Nodes.JsonObject>? Normalize { get; init; }

    /// <summary>What no schema can say: causes against the next document, given the one before (null on creation); null for none.</summary>
    public Func<System.Text.Json.Nodes.JsonObject, System.Text.Json.Nodes.JsonObject?, IEnumerable<Problems.ProblemCause>>? Validate { get; init; }

    /// <summary>The key of the definition that brought it, or null for one that the platform brings.</summary>
    public ResourceKey? DefinedBy { get; init; }

    /// <summary>Tells one reading of a definition from another: its uid and generation; empty for a kind that the platform brings.</summary>
    public string Stamp { get; init; } = "";

    /// <summary>That of stored resources.</summary>
    public string ApiVersion => ApiVersionOf(Version);

    /// <summary>That of resources as they are asked for and answered.</summary>
    public string RequestApiVersion => ApiVersionOf(RequestVersion.Length > 0 ? RequestVersion : Version);

    public string ListKind => Kind + "List";

    public string SingularName => Singular.Length > 0 ? Singular : Kind.ToLowerInvariant();

    /// <summary>All that are served.</summary>
    public IEnumerable<string> Versions => ServesStorage ? OtherVersions.Prepend(Version) : OtherVersions;

    /// <summary>The kind as one of its versions serves it: with that version's schema, columns and status. It is stored as ever.</summary>
    public KindDefinition In(string version)
    {
        if (version == Version)
        {
            return RequestVersion.Length == 0 ? this : throw new InvalidOperationException($"{Id} is a view of {RequestVersion} already.");
        }

        return OwnVersions.TryGetValue(version, out var own)
            ? this with { RequestVersion = version, Schema = own.Schema, HasStatus = own.HasStatus, Columns = own.Columns }
            : this with { RequestVersion = version };
    }

    /// <summary>Whether somebody asked for a resource of it. What a composition made is a part of what was asked for, and not asked for itself.</summary>
    public bool IsAskedFor(System.Text.Json.Nodes.JsonObject document) =>
        AskedFor && (document.Annotation("crossplane.io/composition-resource-name").Length == 0 || document["metadata"]?["ownerReferences"] is not System.Text.Json.Nodes.JsonArray { Count: > 0 });

    public string ApiVersionOf(string version) => Id.Group.Length == 0 ? version : $"{Id.Group}/{version}";

    public ResourceKey Key(string ns, string name) => new(Id, Namespaced ? ns : "", name);
}
