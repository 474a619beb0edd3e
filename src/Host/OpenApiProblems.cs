using System.Globalization;
using Microsoft.OpenApi;

namespace Flagstone.Host;

/// <summary>
/// Which problems an operation may answer, by what it is: one convention instead of a list at each endpoint. What an endpoint declares itself
/// stays.
/// </summary>
internal static class OpenApiProblems
{
    private const string Media = "application/problem+json";
    private const string Schema = "Problem";

    private static readonly Dictionary<int, string> Descriptions = new()
    {
        [400] = "The request cannot be read",
        [401] = "The token is missing, unknown, expired or revoked",
        [403] = "The caller may not, or a policy denies it",
        [404] = "What the path names is not there",
        [409] = "The name is taken, or the resource has changed meanwhile",
        [415] = "The body is not sent as JSON",
        [422] = "The body does not fit its schema, or the idempotency key stands for another request",
        [429] = "Too many requests; Retry-After has the seconds to wait",
    };

    public static void Declare(OpenApiDocument document)
    {
        var components = document.Components!;
        components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        components.Schemas[Schema] = Problem();
        // The framework's own, which endpoints that declare one themselves bring.
        components.Schemas.Remove("ProblemDetails");
        components.Responses ??= new Dictionary<string, IOpenApiResponse>();
        foreach (var (status, description) in Descriptions)
        {
            components.Responses[Name(status)] = Response(document, status, description);
        }

        foreach (var (path, item) in document.Paths)
        {
            foreach (var (method, operation) in item.Operations ?? [])
            {
                foreach (var status in StatusesOf(path, method, operation))
                {
                    operation.Responses ??= [];
                    // What an endpoint declares by ProducesProblem is the same problem, said once.
                    operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponseReference(Name(status), document);
                }
            }
        }
    }

    private static IEnumerable<int> StatusesOf(string path, HttpMethod method, OpenApiOperation operation)
    {
        var changes = method != HttpMethod.Get;
        if (operation.RequestBody is not null || operation.Parameters?.Any(p => p.In == ParameterLocation.Query) == true)
        {
            yield return 400;
        }

        yield return 401;
        if (changes || operation.Responses?.ContainsKey("403") == true)
        {
            yield return 403;
        }

        if (path.Contains('{', StringComparison.Ordinal) || operation.Parameters?.Any(p => p.Name == "kind") == true || (changes && operation.RequestBody is not null))
        {
            yield return 404;
        }

        if (changes)
        {
            yield return 409;
        }

        if (changes && operation.RequestBody is not null)
        {
            yield return 415;
            yield return 422;
        }

        yield return 429;
    }

    private static string Name(int status) => $"Problem{status.ToString(CultureInfo.InvariantCulture)}";

    private static OpenApiResponse Response(OpenApiDocument document, int status, string description)
    {
        var response = new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType> { [Media] = new() { Schema = new OpenApiSchemaReference(Schema, document) } },
        };
        if (status == 429)
        {
            response.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["Retry-After"] = new OpenApiHeader { Description = "Seconds to wait", Schema = new OpenApiSchema { Type = JsonSchemaType.Integer } },
            };
        }

        return response;
    }

    private static OpenApiSchema Problem() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "An RFC 9457 problem.",
        Required = new HashSet<string> { "type", "title", "status", "detail" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uri-reference", Description = "Names the problem, and leads to its page here, which says what to do." },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
            ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The thing, the cause and the way out." },
            ["errors"] = List("Each field that is wrong; absent when the detail says all.", "field", "message"),
            ["denials"] = List("Each rule that denies; absent unless a policy does.", "rule", "message"),
        },
    };

    private static OpenApiSchema List(string description, params string[] members) => new()
    {
        Type = JsonSchemaType.Array,
        Description = description,
        Items = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = members.ToHashSet(),
            Properties = members.ToDictionary(m => m, IOpenApiSchema (_) => new OpenApiSchema { Type = JsonSchemaType.String }),
        },
    };
}
