using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using k8s;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>Where a cluster serves a kind.</summary>
internal sealed record ClusterKind(string Root, string Plural, bool Namespaced);

/// <summary>One object in a cluster.</summary>
internal sealed record ClusterObject(string ApiVersion, string Kind, string Namespace, string Name)
{
    public override string ToString() => $"{ApiVersion} {Kind} '{(Namespace.Length > 0 ? Namespace + "/" : "")}{Name}'";
}

/// <summary>
/// Requests to one cluster in JSON as it is: of any kind, and with the patch options that the client's own typed calls leave out. TLS and
/// credentials are the client's.
/// </summary>
internal sealed class ClusterClient(KubernetesConnection connection, TimeSpan timeout, TimeProvider clock) : IDisposable
{
    public const string FieldManager = "flagstone-provisioning";

    /// <summary>Twice what etcd stores of one object, and enough for a list of a group's kinds.</summary>
    private const int MaxReply = 4 * 1024 * 1024;

    /// <summary>More than any cluster serves: what people misspell is not remembered for ever.</summary>
    private const int MaxVersions = 512;

    /// <summary>A kind that is not there is asked for again after this, one that is after the other.</summary>
    private static readonly (TimeSpan Missing, TimeSpan Known) Fresh = (TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5));

    private readonly ConcurrentDictionary<string, (DateTimeOffset At, IReadOnlyDictionary<string, ClusterKind> Kinds)> served = new(StringComparer.Ordinal);

    /// <summary>Kubernetes' rule for names in paths: anything else would be another path, such as that of all objects of the kind.</summary>
    public static bool IsSegment(string name) => name is not ("" or "." or "..") && !name.AsSpan().ContainsAny('/', '%');

    public void Dispose() => connection.Dispose();

    /// <summary>Null when the cluster does not serve the kind.</summary>
    public async Task<ClusterKind?> FindKindAsync(string apiVersion, string kind, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (served.TryGetValue(apiVersion, out var known) && now - known.At < (known.Kinds.ContainsKey(kind) ? Fresh.Known : Fresh.Missing))
        {
            return known.Kinds.GetValueOrDefault(kind);
        }

        var root = apiVersion.Contains('/', StringComparison.Ordinal) ? $"apis/{apiVersion}" : $"api/{apiVersion}";
        var list = await SendAsync(HttpMethod.Get, root, null, "", ct);
        var kinds = (list?["resources"] as JsonArray ?? []).OfType<JsonObject>().Where(r => !r.Text("name").Contains('/', StringComparison.Ordinal))
            .DistinctBy(r => r.Text("kind")).ToDictionary(r => r.Text("kind"), r => new ClusterKind(root, r.Text("name"), r["namespaced"]?.ToString() == "true"), StringComparer.Ordinal);
        if (served.Count >= MaxVersions)
        {
            served.Clear();
        }

        served[apiVersion] = (now, kinds);
        return kinds.GetValueOrDefault(kind);
    }

    /// <summary>Null when it is not there.</summary>
    public Task<JsonObject?> GetAsync(ClusterKind kind, ClusterObject target, CancellationToken ct) => SendAsync(HttpMethod.Get, PathOf(kind, target), null, "", ct);

    /// <summary>Server-side apply. What others own of it becomes ours where the manifest says something of it.</summary>
    /// <exception cref="ClusterException">Refused or not answered; also with 404 when its namespace is not there.</exception>
    public async Task<JsonObject> ApplyAsync(ClusterKind kind, ClusterObject target, JsonObject manifest, bool dryRun, CancellationToken ct) =>
        await SendAsync(
            HttpMethod.Patch, $"{PathOf(kind, target)}?fieldManager={FieldManager}&force=true{(dryRun ? "&dryRun=All" : "")}", manifest, "application/apply-patch+yaml", ct)
        ?? throw new ClusterException($"{target} is not found", HttpStatusCode.NotFound);

    /// <summary>What the cluster answers: the object while something holds it, else a Status; null when it is not there.</summary>
    public Task<JsonObject?> DeleteAsync(ClusterKind kind, ClusterObject target, CancellationToken ct) => SendAsync(
        HttpMethod.Delete, PathOf(kind, target), new JsonObject { ["kind"] = "DeleteOptions", ["apiVersion"] = "v1", ["propagationPolicy"] = "Background" }, "application/json", ct);

    private static string PathOf(ClusterKind kind, ClusterObject target) => IsSegment(target.Name) && (!kind.Namespaced || IsSegment(target.Namespace))
        ? $"{kind.Root}/{(kind.Namespaced ? $"namespaces/{Uri.EscapeDataString(target.Namespace)}/" : "")}{kind.Plural}/{Uri.EscapeDataString(target.Name)}"
        : throw new ClusterException($"{target} has a name that no object can have", HttpStatusCode.BadRequest, sent: false);

    private async Task<JsonObject?> SendAsync(HttpMethod method, string path, JsonObject? body, string contentType, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(connection.Server, path));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            if (body is not null)
            {
                request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString()));
                request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
            }

            using var response = await connection.SendAsync(request, either.Token);
            var text = await ReadAsync(response.Content, either.Token);
            var answer = Parse(text);
            if (response.IsSuccessStatusCode)
            {
                return answer ?? throw new ClusterException("The cluster answered with something else than JSON", HttpStatusCode.BadGateway);
            }

            return response.StatusCode == HttpStatusCode.NotFound && method != HttpMethod.Patch
                ? null
                : throw new ClusterException(Said(answer, response.StatusCode), response.StatusCode);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new ClusterException($"The cluster did not answer within {timeout.TotalSeconds:0.#} seconds", null);
        }
        catch (HttpRequestException e)
        {
            var sent = e.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError);
            throw new ClusterException($"The cluster does not answer: {e.Message}", null, sent);
        }
        catch (IOException e)
        {
            throw new ClusterException($"The connection to the cluster broke: {e.Message}", null);
        }
    }

    private static async Task<string> ReadAsync(HttpContent content, CancellationToken ct)
    {
        await using var stream = await content.ReadAsStreamAsync(ct);
        using var buffer = new MemoryStream();
        var piece = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(piece, ct)) > 0)
        {
            if (buffer.Length + read > MaxReply)
            {
                throw new ClusterException($"The cluster's answer is larger than {MaxReply} bytes", HttpStatusCode.BadGateway);
            }

            buffer.Write(piece, 0, read);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Said(JsonObject? status, HttpStatusCode code) =>
        status.Text("message") is { Length: > 0 } message ? message : $"The cluster answered {(int)code} {code}";
}
