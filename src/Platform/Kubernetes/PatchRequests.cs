using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Patching;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Kubernetes;

/// <summary>A patch that was read and waits for the resource it changes.</summary>
/// <param name="CreatesWhenAbsent">True for server-side apply.</param>
/// <param name="Document">What a creation stores; null for other patches.</param>
internal sealed record PatchRequest(bool CreatesWhenAbsent, JsonObject? Document, WriteOptions Options, Change ApplyAsync);

/// <summary>Reads the four patch formats of the Kubernetes API.</summary>
internal sealed class PatchRequests(TimeProvider clock)
{
    private const string JsonPatchType = "application/json-patch+json";
    private const string MergePatchType = "application/merge-patch+json";
    private const string StrategicType = "application/strategic-merge-patch+json";
    private const string ApplyYamlType = "application/apply-patch+yaml";
    private const string CommonTypes = $"{JsonPatchType}, {MergePatchType}, {ApplyYamlType}";

    public async Task<(PatchRequest? Patch, Problem? Problem)> ReadAsync(HttpRequest request, KindDefinition kind, WriteOptions options, CancellationToken ct)
    {
        var type = BodyReader.MediaType(request.ContentType);
        if (type is not (JsonPatchType or MergePatchType or ApplyYamlType) && !(type == StrategicType && kind.BuiltIn))
        {
            return (null, Catalogue.UnsupportedMedia(type, kind.BuiltIn ? $"{CommonTypes}, {StrategicType}" : CommonTypes));
        }

        var (bytes, problem) = await BodyReader.BytesAsync(request, ct);
        if (problem is not null)
        {
            return (null, problem);
        }

        return type switch
        {
            JsonPatchType => ReadJsonPatch(bytes!, options),
            MergePatchType => Merge(bytes!, options, (current, patch) => ((JsonObject?)JsonMergePatch.Apply(current, patch), null)),
            StrategicType => Merge(bytes!, options, (current, patch) =>
                StrategicMergePatch.TryApply(current, patch, MergeShape.Of(kind.Id.Group, kind.Kind), out var result, out var error)
                    ? (result, null)
                    : (null, Catalogue.BadRequest(error))),
            _ => Apply(request, bytes!, kind, options),
        };
    }

    private static (PatchRequest?, Problem?) ReadJsonPatch(byte[] bytes, WriteOptions options)
    {
        var (node, problem) = BodyReader.JsonNodeOf(bytes);
        if (problem is not null)
        {
            return (null, problem);
        }

        if (!JsonPatch.TryParse(node, out var patch, out var error))
        {
            return (null, Catalogue.BadRequest(error));
        }

        return (new PatchRequest(false, null, options, (current, _) => new(patch.Apply(current) switch
        {
            JsonPatched { Document: JsonObject next } => (next, null),
            JsonPatched => (null, Catalogue.BadRequest("the patch leaves something that is no object")),
            JsonPatchTestFailed failed => (null, Unprocessable(failed.Message)),
            JsonPatchRefused refused => (null, Unprocessable(refused.Message)),
            var other => throw new System.Diagnostics.UnreachableException(other.GetType().Name),
        })), null);
    }

    private static (PatchRequest?, Problem?) Merge(byte[] bytes, WriteOptions options, Func<JsonObject, JsonObject, (JsonObject?, Problem?)> apply)
    {
        var (patch, problem) = BodyReader.Json(bytes);
        return problem is not null
            ? (null, problem)
            : (new PatchRequest(false, null, options, (current, _) => new(apply(current, patch!))), null);
    }

    private (PatchRequest?, Problem?) Apply(HttpRequest request, byte[] bytes, KindDefinition kind, WriteOptions options)
    {
        if (((string?)request.Query["fieldManager"]).AsSpan().IsEmpty)
        {
            return (null, Catalogue.BadRequest("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"));
        }

        if (!YamlReader.TryReadManifests(Encoding.UTF8.GetString(bytes), null, out var documents, out var error) || documents is not [{ Mapping: { } applied }])
        {
            return (null, Catalogue.BadRequest($"error decoding YAML: {(error is null ? "one document is needed" : error.ToString())}"));
        }

        var force = (string?)request.Query["force"] is "true" or "1";
        var (created, problem) = Run(null, applied, kind, options, force);
        return problem is not null
            ? (null, problem)
            : (new PatchRequest(
                true, created, options.ForApply(), (current, _) => new(Run(current, applied, kind, options, force))), null);
    }

    private (JsonObject?, Problem?) Run(JsonObject? live, JsonObject applied, KindDefinition kind, WriteOptions options, bool force) =>
        Applying.Merge(live, applied, kind, options, force, clock.GetUtcNow());

    private static Problem Unprocessable(string message) => new(422, "patch-refused", "Invalid", "The patch does not fit", message);
}
