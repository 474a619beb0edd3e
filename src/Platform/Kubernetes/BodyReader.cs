using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Yaml;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Kubernetes;

/// <summary>Reads request bodies within bounds: JSON, YAML, and the API server's protobuf envelope for the core kinds that kubectl creates.</summary>
internal static class BodyReader
{
    /// <summary>The API server's own limit.</summary>
    public const int MaxBytes = 3 * 1024 * 1024;

    private const int MaxDepth = 64;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    public static async Task<(byte[]? Bytes, Problem? Problem)> BytesAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength > MaxBytes)
        {
            return (null, Catalogue.TooLarge(MaxBytes));
        }

        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(ct);
            if (read.Buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(read.Buffer.End);
                return (null, Catalogue.TooLarge(MaxBytes));
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return (bytes, null);
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public static async Task<(JsonObject? Document, Problem? Problem)> DocumentAsync(HttpRequest request, CancellationToken ct)
    {
        var (bytes, problem) = await BytesAsync(request, ct);
        if (problem is not null)
        {
            return (null, problem);
        }

        var type = MediaType(request.ContentType);
        return type switch
        {
            "application/json" or "" => Json(bytes!),
            "application/yaml" => Yaml(bytes!),
            "application/vnd.kubernetes.protobuf" => Protobuf.TryDecode(bytes!, out var document, out var error)
                ? (document, null)
                : (null, Catalogue.UnsupportedMedia(type, $"application/json, application/yaml ({error})")),
            _ => (null, Catalogue.UnsupportedMedia(type, "application/json, application/yaml, application/vnd.kubernetes.protobuf")),
        };
    }

    public static (JsonObject? Document, Problem? Problem) Json(byte[] bytes)
    {
        var (node, problem) = JsonNodeOf(bytes);
        return problem is not null ? (null, problem)
            : node is JsonObject document ? (document, null)
            : (null, Catalogue.BadRequest("the body must be a JSON object"));
    }

    public static (JsonNode? Node, Problem? Problem) JsonNodeOf(byte[] bytes)
    {
        try
        {
            return (JsonNode.Parse(bytes, documentOptions: Strict), null);
        }
        catch (JsonException e)
        {
            return (null, Catalogue.BadRequest($"the body is not valid JSON: {e.Message}"));
        }
    }

    public static (JsonObject? Document, Problem? Problem) Yaml(byte[] bytes)
    {
        if (!YamlReader.TryReadManifests(Encoding.UTF8.GetString(bytes), null, out var documents, out var error))
        {
            return (null, Catalogue.BadRequest($"the body is not valid YAML: {error}"));
        }

        return documents is [{ Root: JsonObject document }]
            ? (document, null)
            : (null, Catalogue.BadRequest($"the body must hold one YAML object, and it holds {documents.Count} documents"));
    }

    public static string MediaType(string? contentType) => (contentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
}
