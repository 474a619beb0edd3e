using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Flagstone.Host.Tests.Endpoints;

public sealed partial class EndpointTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_table_names_every_operation_of_the_api()
    {
        using var client = fixture.Host.Client();
        var document = JsonNode.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Ct))!;
        var served = document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => $"{o.Key.ToUpperInvariant()} {p.Key.TrimEnd('/')}"));
        Assert.Equal(EndpointTable.Api.Select(r => $"{r.Method} {r.Pattern}").Order(StringComparer.Ordinal), served.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task No_operation_of_the_api_answers_without_a_token()
    {
        foreach (var row in EndpointTable.Api)
        {
            using var answer = await AskAsync(fixture.Host.Port, row);
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{row.Method} {row.Pattern} answered {(int)answer.StatusCode}, not 401.");
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task Other_routes_answer_without_a_token_where_the_table_says_so()
    {
        foreach (var row in EndpointTable.Others)
        {
            using var answer = await AskAsync(fixture.Host.Port, row);
            Assert.True(
                row.Anonymous ? answer.IsSuccessStatusCode : answer.StatusCode == HttpStatusCode.Unauthorized,
                $"{row.Method} {row.Pattern} answered {(int)answer.StatusCode} to who has no token.");
        }
    }

    [Fact]
    public async Task Nothing_of_the_platform_answers_on_the_apps_port()
    {
        foreach (var row in EndpointTable.Api.Concat(EndpointTable.Others))
        {
            using var answer = await AskAsync(fixture.Host.AppsPort, row);
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{row.Method} {row.Pattern} answered {(int)answer.StatusCode} on the apps port, not 404.");
        }
    }

    private static async Task<HttpResponseMessage> AskAsync(int port, EndpointRow row)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(row.Method), new Uri($"http://127.0.0.1:{port}{Parameter().Replace(row.Pattern, "x")}"));
        if (row.Method is not "GET")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
    }

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Parameter();
}
