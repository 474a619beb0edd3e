using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Flagstone.Host.Tests.BadInput;

/// <summary>Requests that are too large, or that would become too large.</summary>
public sealed class RequestTests(HostFixture fixture)
{
    private static readonly Uri ConfigMaps = new("/api/v1/namespaces/default/configmaps", UriKind.Relative);
    private const int TooMany = 5 * 1024 * 1024;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_of_5_MB_is_refused_with_the_limit()
    {
        using var client = fixture.Host.KubernetesClient();
        var body = $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"large"},"data":{"a":"{{new string('x', TooMany)}}"} }""";

        using var answer = await client.PostAsync(ConfigMaps, Content(body, "application/json"), Ct);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("over the limit of", await Message(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_5_MB_without_a_length_is_refused_with_the_limit()
    {
        using var client = fixture.Host.KubernetesClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, ConfigMaps) { Content = Content(new string(' ', TooMany), "application/json") };
        request.Headers.TransferEncodingChunked = true;

        using var answer = await client.SendAsync(request, Ct);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task A_YAML_alias_bomb_is_refused_before_it_unfolds()
    {
        using var client = fixture.Host.KubernetesClient();
        var bomb = new StringBuilder("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bomb }\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 10; i++)
        {
            bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        using var answer = await client.PostAsync(ConfigMaps, Content(bomb.ToString(), "application/yaml"), Ct);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("line", await Message(answer), StringComparison.Ordinal);
    }

    private static async Task<string> Message(HttpResponseMessage answer) =>
        JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!["message"]!.ToString();

    private static StringContent Content(string body, string type) => new(body, Encoding.UTF8, new MediaTypeHeaderValue(type));
}
