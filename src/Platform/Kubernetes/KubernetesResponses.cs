using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Kubernetes;

/// <summary>Answers of the Kubernetes API.</summary>
internal static class KubernetesResponses
{
    public const string Json = "application/json";

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task BytesAsync(this HttpResponse response, int status, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        response.StatusCode = status;
        response.ContentType = Json;
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body, ct).AsTask();
    }

    public static Task NodeAsync(this HttpResponse response, int status, JsonNode body, CancellationToken ct) =>
        response.BytesAsync(status, ToBytes(body), ct);

    public static Task ProblemAsync(this HttpResponse response, Problem problem, CancellationToken ct)
    {
        if (problem.Status == StatusCodes.Status429TooManyRequests && response.Headers.RetryAfter.Count == 0)
        {
            response.Headers.RetryAfter = "1";
        }

        return response.NodeAsync(problem.Status, StatusOf(problem), ct);
    }

    public static byte[] ToBytes(JsonNode node)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            node.WriteTo(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static JsonObject StatusOf(Problem problem)
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = problem.Detail,
            ["reason"] = problem.Reason,
        };
        if (problem.Subject is { } subject)
        {
            var details = new JsonObject { ["name"] = subject.Name };
            if (subject.Group.Length > 0)
            {
                details["group"] = subject.Group;
            }

            details["kind"] = subject.Kind;
            if (subject.Uid is { } uid)
            {
                details["uid"] = uid;
            }

            if (problem.Causes.Count > 0)
            {
                details["causes"] = new JsonArray([.. problem.Causes.Select(c => new JsonObject
                {
                    ["reason"] = c.Reason,
                    ["message"] = c.Message,
                    ["field"] = c.Field,
                })]);
            }

            status["details"] = details;
        }

        status["code"] = problem.Status;
        return status;
    }

    /// <summary>What a deletion answers when the resource is gone.</summary>
    public static JsonObject Deleted(string group, string plural, string name, string uid)
    {
        var details = new JsonObject { ["name"] = name };
        if (group.Length > 0)
        {
            details["group"] = group;
        }

        details["kind"] = plural;
        details["uid"] = uid;
        return new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        };
    }
}
