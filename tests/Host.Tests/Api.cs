using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Flagstone.Host.Tests;

/// <summary>What the tests ask of <c>/api/v1</c> over and over.</summary>
internal static class Api
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Sends a request and reads the answer whole.</summary>
    public static async Task<(HttpStatusCode Status, JsonObject Body)> SendAsync(
        this HttpClient client, HttpMethod method, string path, JsonNode? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var answer = await client.SendAsync(request, Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        return (answer.StatusCode, text.Length > 0 ? JsonNode.Parse(text)!.AsObject() : []);
    }

    public static Task<(HttpStatusCode Status, JsonObject Body)> ReadAsync(this HttpClient client, string path) => client.SendAsync(HttpMethod.Get, path);

    public static Task<(HttpStatusCode Status, JsonObject Body)> PostAsync(this HttpClient client, string path, JsonNode body, string? key = null) =>
        client.SendAsync(HttpMethod.Post, path, body, key);

    /// <summary>Issues a token and returns its text.</summary>
    public static async Task<string> IssueAsync(this HttpClient administrator, string name, string role, string? ns = null)
    {
        var (status, body) = await administrator.PostAsync(
            "/api/v1/tokens", new JsonObject { ["name"] = name, ["role"] = role, ["namespace"] = ns });
        Assert.True(status == HttpStatusCode.Created, body.ToJsonString());
        return body.Value("token");
    }

    public static string Value(this JsonNode node, string member) => node[member]!.GetValue<string>();

    public static string Slug(this JsonObject problem) => problem.Value("type").Split('/')[^1];
}
