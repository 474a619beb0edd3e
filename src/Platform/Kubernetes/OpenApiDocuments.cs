using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kubernetes;

/// <summary>
/// <c>/openapi/v3</c>: for <c>kubectl explain</c>, and for <c>apply</c>, which goes no further without a PATCH that names the kind and takes
/// <c>fieldValidation</c>. Documents are made from the registry and kept while it does not change.
/// </summary>
internal sealed class OpenApiDocuments(KindRegistry kinds)
{
    private static readonly string[] WriteParameters = ["dryRun", "fieldManager", "fieldValidation"];

    private readonly ConcurrentDictionary<string, (long Generation, byte[] Document)> made = new(StringComparer.Ordinal);

    public JsonObject Index()
    {
        var paths = new JsonObject();
        foreach (var group in kinds.All.SelectMany(k => k.Versions.Select(v => PathOf(k.Id.Group, v))).Distinct().Order(StringComparer.Ordinal))
        {
            paths[group] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{group}?hash={kinds.Generation}" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    /// <param name="path"><c>api/v1</c> or <c>apis/GROUP/VERSION</c>.</param>
    public byte[]? Document(string path)
    {
        var generation = kinds.Generation;
        if (made.TryGetValue(path, out var known) && known.Generation == generation)
        {
            return known.Document;
        }

        var served = kinds.All.SelectMany(k => k.Versions.Select(v => (Kind: k, Version: v))).Where(k => PathOf(k.Kind.Id.Group, k.Version) == path).ToList();
        if (served.Count == 0)
        {
            return null;
        }

        var document = KubernetesResponses.ToBytes(Make(served));
        made[path] = (generation, document);
        return document;
    }

    private static string PathOf(string group, string version) => group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";

    private static JsonObject Make(List<(KindDefinition Kind, string Version)> served)
    {
        var (paths, schemas) = (new JsonObject(), new JsonObject());
        foreach (var (kind, version) in served)
        {
            var name = NameOf(kind, version);
            schemas[name] = SchemaOf(kind, version);
            var root = $"/{PathOf(kind.Id.Group, version)}/{(kind.Namespaced ? "namespaces/{namespace}/" : "")}{kind.Id.Plural}";
            paths[root] = new JsonObject
            {
                ["get"] = Operation(kind, version, "list"),
                ["post"] = Operation(kind, version, "post"),
            };
            paths[root + "/{name}"] = new JsonObject
            {
                ["get"] = Operation(kind, version, "get"),
                ["put"] = Operation(kind, version, "put"),
                ["patch"] = Operation(kind, version, "patch"),
                ["delete"] = Operation(kind, version, "delete"),
            };
        }

        schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"] = Gateway.MetadataSchema.Value.ToOpenApi();
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Flagstone", ["version"] = "v1.32.0" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static JsonObject SchemaOf(KindDefinition kind, string version)
    {
        var schema = kind.In(version).Schema?.ToOpenApi() ?? new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        if (schema["properties"] is not JsonObject properties)
        {
            schema["properties"] = properties = [];
        }

        properties["apiVersion"] = new JsonObject { ["type"] = "string", ["description"] = "The group and version of this representation." };
        properties["kind"] = new JsonObject { ["type"] = "string", ["description"] = "The kind of this resource." };
        properties["metadata"] = new JsonObject
        {
            ["description"] = "Name, labels, annotations and the like.",
            ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }),
        };
        schema["x-kubernetes-group-version-kind"] = new JsonArray(GroupVersionKind(kind, version));
        return schema;
    }

    private static JsonObject Operation(KindDefinition kind, string version, string action)
    {
        var operation = new JsonObject
        {
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = GroupVersionKind(kind, version),
            ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
        };
        if (action is "post" or "put" or "patch")
        {
            operation["parameters"] = new JsonArray(
                [.. WriteParameters.Select(p => new JsonObject
                {
                    ["name"] = p,
                    ["in"] = "query",
                    ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
                })]);
            operation["requestBody"] = new JsonObject
            {
                ["content"] = new JsonObject
                {
                    ["*/*"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = $"#/components/schemas/{NameOf(kind, version)}" } },
                },
            };
        }

        return operation;
    }

    private static JsonObject GroupVersionKind(KindDefinition kind, string version) => new() { ["group"] = kind.Id.Group, ["version"] = version, ["kind"] = kind.Kind };

    private static string NameOf(KindDefinition kind, string version)
    {
        var group = kind.Id.Group.Length == 0 ? "core" : string.Join('.', kind.Id.Group.Split('.').Reverse());
        return $"{group}.{version}.{kind.Kind}";
    }
}
