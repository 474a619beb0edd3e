using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Flagstone.Host.Tests.Endpoints;

namespace Flagstone.Host.Tests.BadInput;

/// <summary>What no endpoint gets to see is answered as a problem all the same: the thing, the cause and the way out.</summary>
public sealed class ApiProblemTests(HostFixture fixture)
{
    private const string Json = "application/json";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Bodies => new(
        EndpointTable.Api.Where(r => r.Method is "POST" or "PUT").Select(r => (r.Method, r.Pattern.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal))));

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_that_is_no_JSON_is_refused_with_the_place_where_it_breaks(string method, string path)
    {
        var problem = await SendAsync(method, path, Json, "{\"a\": nonsense}");

        Assert.Equal((400, "bad-request"), (problem["status"]!.GetValue<int>(), problem.Slug()));
        Assert.Contains($"'{method} {path}'", problem.Value("detail"), StringComparison.Ordinal);
        Assert.Contains("LineNumber: 0", problem.Value("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_without_a_content_type_is_refused_with_the_one_to_send(string method, string path)
    {
        var problem = await SendAsync(method, path, null, "{}");

        Assert.Equal((415, "unsupported-media-type"), (problem["status"]!.GetValue<int>(), problem.Slug()));
        Assert.Contains("without a Content-Type. Send JSON, with 'Content-Type: application/json'", problem.Value("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task An_empty_body_is_refused(string method, string path)
    {
        var problem = await SendAsync(method, path, Json, "");

        Assert.Equal((400, "bad-request"), (problem["status"]!.GetValue<int>(), problem.Slug()));
    }

    [Theory]
    [InlineData("GET", "/api/v1/nope", 404, "not-found", "'/api/v1/nope'")]
    [InlineData("GET", "/api/v2/claims", 404, "not-found", "'/api/v2/claims'")]
    [InlineData("PATCH", "/api/v1/claims", 405, "method-not-allowed", "There is no 'PATCH /api/v1/claims'. The path takes GET, HEAD, POST.")]
    [InlineData("DELETE", "/api/v1/templates/x", 405, "method-not-allowed", "The path takes GET, HEAD, PUT.")]
    [InlineData("GET", "/api/v1/runs?limit=many", 400, "bad-request", "The parameter 'limit' of 'GET /api/v1/runs' cannot be 'many'.")]
    public async Task A_path_a_method_or_a_parameter_that_there_is_not_is_named(string method, string path, int status, string slug, string detail)
    {
        var problem = await SendAsync(method, path, null, null);

        Assert.Equal((status, slug), (problem["status"]!.GetValue<int>(), problem.Slug()));
        Assert.Contains(detail, problem.Value("detail"), StringComparison.Ordinal);
        Assert.Contains("/openapi/v1.json", problem.Value("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_type_of_a_problem_leads_to_its_page_here()
    {
        var problem = await SendAsync("GET", "/api/v1/nope", null, null);
        using var client = new HttpClient();

        var page = await client.GetStringAsync(new Uri(new Uri($"http://127.0.0.1:{fixture.Host.Port}/api/v1/nope"), problem.Value("type")), Ct);

        Assert.StartsWith("# not-found (404)", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_problem_that_the_index_names_has_its_page_and_others_have_none()
    {
        using var client = fixture.Host.Client();
        var index = (await client.GetStringAsync(new Uri("/problems", UriKind.Relative), Ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Contains("/problems/unauthorized", index);
        foreach (var path in index)
        {
            Assert.StartsWith($"# {path.Split('/')[^1]} (", await client.GetStringAsync(new Uri(path, UriKind.Relative), Ct), StringComparison.Ordinal);
        }

        Assert.Equal("not-found", (await SendAsync("GET", "/problems/nope", null, null)).Slug());
    }

    private async Task<JsonObject> SendAsync(string method, string path, string? type, string? body)
    {
        using var client = fixture.Host.Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new StringContent(body);
            request.Content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        }

        using var answer = await client.SendAsync(request, Ct);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!.AsObject();
        Assert.Equal((int)answer.StatusCode, problem["status"]!.GetValue<int>());
        return problem;
    }
}
