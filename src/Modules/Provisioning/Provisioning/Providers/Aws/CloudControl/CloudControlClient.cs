using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Auth;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Providers.Aws.CloudControl;

/// <summary>
/// AWS Cloud Control API 2021-09-30: its eight operations, signed by the SDK's core. The registry that this is built from serves no
/// AWSSDK.CloudControlApi; the protocol is JSON 1.0, one POST for each call.
/// </summary>
internal sealed class CloudControlClient(HttpClient http, TimeProvider clock, Uri endpoint, string region, AWSCredentials credentials, TimeSpan timeout)
{
    private const string Service = "cloudcontrolapi";
    private const string Target = "CloudApiService.";
    private const string ContentType = "application/x-amz-json-1.0";

    /// <summary>Properties are at most 64 KiB; a list has a hundred.</summary>
    private const int MaxAnswer = 16 * 1024 * 1024;

    public async Task<ProgressEvent> CreateResourceAsync(string type, JsonObject desired, string clientToken, CancellationToken ct) =>
        ProgressEvent.Read((await CallAsync("CreateResource", new JsonObject
        {
            ["TypeName"] = type,
            ["DesiredState"] = desired.ToJsonString(),
            ["ClientToken"] = clientToken,
        }, ct))["ProgressEvent"]);

    public async Task<ResourceDescription> GetResourceAsync(string type, string identifier, CancellationToken ct) =>
        ResourceDescription.Read((await CallAsync("GetResource", Named(type, identifier), ct))["ResourceDescription"]);

    /// <param name="patch">RFC 6902.</param>
    public async Task<ProgressEvent> UpdateResourceAsync(string type, string identifier, JsonArray patch, string clientToken, CancellationToken ct)
    {
        var body = Named(type, identifier);
        body["PatchDocument"] = patch.ToJsonString();
        body["ClientToken"] = clientToken;
        return ProgressEvent.Read((await CallAsync("UpdateResource", body, ct))["ProgressEvent"]);
    }

    public async Task<ProgressEvent> DeleteResourceAsync(string type, string identifier, string clientToken, CancellationToken ct)
    {
        var body = Named(type, identifier);
        body["ClientToken"] = clientToken;
        return ProgressEvent.Read((await CallAsync("DeleteResource", body, ct))["ProgressEvent"]);
    }

    /// <summary>A page of at most a hundred, and what to ask for the next with; empty at the end.</summary>
    public async Task<(IReadOnlyList<ResourceDescription> Items, string Next)> ListResourcesAsync(string type, string next, CancellationToken ct)
    {
        var answer = await CallAsync("ListResources", Paged(new JsonObject { ["TypeName"] = type }, next), ct);
        return ([.. Items(answer, "ResourceDescriptions").Select(ResourceDescription.Read)], answer.Text("NextToken"));
    }

    public async Task<ProgressEvent> GetResourceRequestStatusAsync(string requestToken, CancellationToken ct) =>
        ProgressEvent.Read((await CallAsync("GetResourceRequestStatus", new JsonObject { ["RequestToken"] = requestToken }, ct))["ProgressEvent"]);

    /// <summary>Only what is PENDING or IN_PROGRESS can be cancelled.</summary>
    public async Task<ProgressEvent> CancelResourceRequestAsync(string requestToken, CancellationToken ct) =>
        ProgressEvent.Read((await CallAsync("CancelResourceRequest", new JsonObject { ["RequestToken"] = requestToken }, ct))["ProgressEvent"]);

    /// <summary>Requests of the last seven days, by operation and status; empty lists for all.</summary>
    public async Task<(IReadOnlyList<ProgressEvent> Items, string Next)> ListResourceRequestsAsync(
        IReadOnlyList<string> operations, IReadOnlyList<string> statuses, string next, CancellationToken ct)
    {
        var filter = new JsonObject();
        if (operations.Count > 0)
        {
            filter["Operations"] = new JsonArray([.. operations.Select(o => (JsonNode)o)]);
        }

        if (statuses.Count > 0)
        {
            filter["OperationStatuses"] = new JsonArray([.. statuses.Select(s => (JsonNode)s)]);
        }

        var answer = await CallAsync("ListResourceRequests", Paged(new JsonObject { ["ResourceRequestStatusFilter"] = filter }, next), ct);
        return ([.. Items(answer, "ResourceRequestStatusSummaries").Select(ProgressEvent.Read)], answer.Text("NextToken"));
    }

    private static JsonObject Named(string type, string identifier) => new() { ["TypeName"] = type, ["Identifier"] = identifier };

    private static JsonObject Paged(JsonObject body, string next)
    {
        body["MaxResults"] = 100;
        if (next.Length > 0)
        {
            body["NextToken"] = next;
        }

        return body;
    }

    private static IEnumerable<JsonNode?> Items(JsonObject answer, string member) => answer[member] as JsonArray ?? [];

    /// <summary>An <see cref="HttpRequestException"/> or a <see cref="TimeoutException"/> leaves open whether it was done.</summary>
    private async Task<JsonObject> CallAsync(string operation, JsonObject body, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var timer = clock.CreateTimer(_ => limit.Cancel(), null, timeout, Timeout.InfiniteTimeSpan);
        try
        {
            using var request = await SignAsync(operation, Encoding.UTF8.GetBytes(body.ToJsonString()));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var answer = await ReadAsync(response, limit.Token);
            return response.IsSuccessStatusCode ? answer ?? [] : throw Refusal(response, answer);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"{operation} was not answered within {timeout.TotalSeconds:0} seconds");
        }
        catch (IOException e)
        {
            throw new HttpRequestException($"The answer to {operation} broke off", e);
        }
    }

    private static CloudControlException Refusal(HttpResponseMessage response, JsonObject? answer)
    {
        // "com.amazon.cloudapiservice#ThrottlingException", also with ":http://..." behind in the header.
        var type = answer.Text("__type") is { Length: > 0 } named ? named
            : response.Headers.TryGetValues("x-amzn-ErrorType", out var header) ? header.First() : "";
        var code = type[(type.LastIndexOf('#') + 1)..].Split(':')[0];
        var message = answer.Text("Message") is { Length: > 0 } upper ? upper : answer.Text("message");
        return new CloudControlException(code, (int)response.StatusCode, message);
    }

    private static async Task<JsonObject?> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        var buffer = new ArrayBufferWriter<byte>();
        while (await stream.ReadAsync(buffer.GetMemory(16 * 1024), ct) is > 0 and var read)
        {
            buffer.Advance(read);
            if (buffer.WrittenCount > MaxAnswer)
            {
                throw new HttpRequestException($"The answer is longer than {MaxAnswer} bytes");
            }
        }

        try
        {
            return buffer.WrittenCount == 0 ? null : JsonNode.Parse(buffer.WrittenSpan) as JsonObject;
        }
        catch (JsonException) when (!response.IsSuccessStatusCode)
        {
            // A proxy's page.
            return null;
        }
        catch (JsonException e)
        {
            throw new HttpRequestException("The answer is not JSON", e);
        }
    }

    private async Task<HttpRequestMessage> SignAsync(string operation, byte[] body)
    {
        var keys = await credentials.GetCredentialsAsync();
        var now = clock.GetUtcNow().UtcDateTime;
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(ContentType);
        SortedDictionary<string, string> signed = new(StringComparer.Ordinal)
        {
            ["content-type"] = ContentType,
            ["host"] = endpoint.IsDefaultPort ? endpoint.Host : endpoint.Authority,
            ["x-amz-date"] = now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture),
            ["x-amz-target"] = Target + operation,
        };
        if (keys.UseToken)
        {
            signed["x-amz-security-token"] = keys.Token;
        }

        foreach (var (name, value) in signed.Where(h => h.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var names = string.Join(';', signed.Keys);
        var canonical = $"POST\n{endpoint.AbsolutePath}\n\n{string.Concat(signed.Select(h => $"{h.Key}:{h.Value}\n"))}\n{names}\n{Convert.ToHexStringLower(SHA256.HashData(body))}";
        var signature = AWS4Signer.ComputeSignature(keys, region, now, Service, names, canonical);
        request.Headers.TryAddWithoutValidation("Authorization", signature.ForAuthorizationHeader);
        return request;
    }
}
