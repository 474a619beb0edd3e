using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>
/// A Kubernetes structural schema (<c>apiextensions.k8s.io/v1</c>, "Specifying a structural schema"): the <c>openAPIV3Schema</c> of a
/// CustomResourceDefinition or an XRD, compiled once. It is immutable and safe to use from any thread.
/// </summary>
public sealed class StructuralSchema
{
    private readonly JsonObject source;

    private StructuralSchema(JsonObject source, SchemaNode root, IReadOnlyList<SchemaRule> rules)
    {
        this.source = source;
        Root = root;
        Rules = rules;
    }

    /// <summary>All CEL rules of <c>x-kubernetes-validations</c>, from the root down. <see cref="CheckRules"/> runs them, and <see cref="Validate"/> does not.</summary>
    public IReadOnlyList<SchemaRule> Rules { get; }

    internal SchemaNode Root { get; }

    /// <summary>
    /// Compiles a schema. When it is malformed or not structural, the errors say so as the API server does, by paths from its root.
    /// </summary>
    public static bool TryParse(
        JsonNode? openApiV3Schema, [NotNullWhen(true)] out StructuralSchema? schema, out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        var rules = new List<SchemaRule>();
        var root = new SchemaParser(found, rules).ParseRoot(openApiV3Schema);
        errors = found;
        schema = found.Count == 0 ? new((JsonObject)openApiV3Schema!.DeepClone(), root, rules) : null;
        return schema is not null;
    }

    /// <summary>Compiles a schema that stands in the code.</summary>
    /// <exception cref="ArgumentException">The schema is not structural.</exception>
    public static StructuralSchema Parse([StringSyntax(StringSyntaxAttribute.Json)] string json) =>
        TryParse(JsonNode.Parse(json), out var schema, out var errors)
            ? schema
            : throw new ArgumentException(string.Join('\n', errors), nameof(json));

    internal static StructuralSchema Of(SchemaNode root) => new([], root, []);

    /// <summary>
    /// Fills in defaults, in place, at every depth. A null where the schema is not nullable becomes the default, or is removed when there
    /// is none.
    /// </summary>
    public void ApplyDefaults(JsonNode resource) => SchemaDefaulting.Apply(resource, Root);

    /// <summary>
    /// Removes the fields that the schema does not name, in place, and returns their paths, sorted: what strict field validation refuses.
    /// <c>apiVersion</c>, <c>kind</c> and <c>metadata</c> of the resource and of embedded resources stay.
    /// </summary>
    public IReadOnlyList<FieldPath> Prune(JsonObject resource) => SchemaPruning.Prune(resource, Root, isRoot: true);

    /// <summary>
    /// What is wrong with a resource, in the API server's words; empty when nothing is. Unknown fields are not errors here.
    /// </summary>
    public IReadOnlyList<FieldError> Validate(JsonNode resource) => SchemaValidation.Validate(resource, Root);

    /// <summary>Which CEL rules a valid resource breaks; empty when it keeps all.</summary>
    /// <param name="before">The resource as it was, or null when it is made: rules over <c>oldSelf</c> are about changes.</param>
    public IReadOnlyList<FieldError> CheckRules(JsonNode resource, JsonNode? before) => Rules.Count == 0 ? [] : [.. SchemaRuleCheck.Check(Rules, Root, resource, before)];

    /// <summary>The schema as it was given, for <c>/openapi/v3</c>; the caller owns the copy.</summary>
    public JsonObject ToOpenApi() => (JsonObject)source.DeepClone();
}
