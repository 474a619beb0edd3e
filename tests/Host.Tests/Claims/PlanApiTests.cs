using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Host.Tests.Claims;

/// <summary>Plans of claims and compositions, and what is told of a claim, over HTTP.</summary>
public sealed class PlanApiTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_is_planned_as_json_and_as_markdown()
    {
        using var client = fixture.Host.Client();
        var claim = Claim("planned");

        var plan = await (await client.PostAsJsonAsync("/api/v1/plans", claim, Ct)).Content.ReadFromJsonAsync<JsonObject>(Ct);
        using var answer = await client.PostAsJsonAsync("/api/v1/plans?format=markdown", claim, Ct);
        var markdown = await answer.Content.ReadAsStringAsync(Ct);

        Assert.Equal("planned", plan!["claim"]!["name"]!.ToString());
        Assert.Equal("text/markdown", answer.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("## S3Bucket `default/planned`\n", markdown, StringComparison.Ordinal);
        Assert.Contains("- Cost: at least USD 1.00 a month", markdown, StringComparison.Ordinal);
        Assert.Contains("| create | BucketPublicAccessBlock `private` | `/spec/forProvider/blockPublicAcls` |  | `true` |", markdown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_composition_is_planned_with_its_tests_and_the_claims_that_would_follow()
    {
        using var client = fixture.Host.Client();
        using var made = await client.PostAsJsonAsync("/api/v1/claims", Claim("follows"), Ct);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using var kube = fixture.Host.KubernetesClient();
        var composition = (await kube.GetFromJsonAsync<JsonObject>("/apis/apiextensions.crossplane.io/v1/compositions/s3bucket-aws-standard", Ct))!;
        var access = composition["spec"]!["pipeline"]![0]!["input"]!["resources"]!.AsArray().Single(r => r!["name"]!.ToString() == "private")!;
        access["base"]!["spec"]!["forProvider"]!["blockPublicAcls"] = false;

        var plan = (await (await client.PostAsJsonAsync("/api/v1/plans", composition, Ct)).Content.ReadFromJsonAsync<JsonObject>(Ct))!["composition"]!;

        Assert.Equal("failed", plan["tests"]!.ToString());
        Assert.Contains("private.spec.forProvider.blockPublicAcls is false instead of true", plan["failures"]!.ToString(), StringComparison.Ordinal);
        Assert.Contains(plan["claims"]!.AsArray(), c => c!["name"]!.ToString() == "follows");
        // Nothing was stored: the composition is as it was.
        Assert.Equal(composition["metadata"]!["resourceVersion"]!.ToString(),
            (await kube.GetFromJsonAsync<JsonObject>("/apis/apiextensions.crossplane.io/v1/compositions/s3bucket-aws-standard", Ct))!["metadata"]!["resourceVersion"]!.ToString());
    }

    [Fact]
    public async Task A_claim_tells_why_it_is_not_ready_what_it_costs_and_what_drifted()
    {
        using var client = fixture.Host.Client();
        using var made = await client.PostAsJsonAsync("/api/v1/claims", Claim("told", "no-such-composition"), Ct);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        const string Path = "/api/v1/claims/s3buckets.platform.example.com/default/told";

        var explanation = (await client.GetFromJsonAsync<JsonObject>($"{Path}/explanation", Ct))!;
        var cost = (await client.GetFromJsonAsync<JsonObject>($"{Path}/cost", Ct))!;
        var drift = (await client.GetFromJsonAsync<JsonArray>($"{Path}/drift", Ct))!;
        var report = (await client.GetFromJsonAsync<JsonObject>("/api/v1/costs", Ct))!;

        Assert.False(explanation["ready"]!.GetValue<bool>());
        Assert.Equal("S3Bucket", explanation["cause"]!["kind"]!.ToString());
        Assert.Null(cost["monthly"]);
        Assert.Empty(drift);
        Assert.Contains(report["claims"]!.AsArray(), c => c!["name"]!.ToString() == "told" && c["team"]!.ToString() == "unowned");
    }

    [Fact]
    public async Task What_a_claim_costs_is_charged_as_its_namespace_says_before_there_is_anything_of_it()
    {
        using var client = fixture.Host.Client();
        using var kube = fixture.Host.KubernetesClient();
        var space = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Namespace",
            ["metadata"] = new JsonObject
            {
                ["name"] = "charged",
                ["labels"] = new JsonObject { ["flagstone.dev/team"] = "claims", ["flagstone.dev/service"] = "intake" },
            },
        };
        using var there = await kube.PostAsJsonAsync("/api/v1/namespaces", space, Ct);
        Assert.Equal(HttpStatusCode.Created, there.StatusCode);
        var claim = Claim("early", "no-such-composition");
        claim["metadata"]!["namespace"] = "charged";
        using var made = await client.PostAsJsonAsync("/api/v1/claims", claim, Ct);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);

        var report = (await client.GetFromJsonAsync<JsonObject>("/api/v1/costs", Ct))!;

        var line = Assert.Single(report["claims"]!.AsArray(), c => c!["name"]!.ToString() == "early")!;
        Assert.Equal(("claims", "intake"), (line["team"]!.ToString(), line["service"]!.ToString()));
    }

    [Fact]
    public async Task A_format_that_is_not_there_is_refused()
    {
        using var client = fixture.Host.Client();

        using var answer = await client.PostAsJsonAsync("/api/v1/plans?format=pdf", Claim("x"), Ct);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("Use json or markdown", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    private static JsonObject Claim(string name, string composition = "s3bucket-aws-standard") => new()
    {
        ["apiVersion"] = "platform.example.com/v1alpha1",
        ["kind"] = "S3Bucket",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
        ["spec"] = new JsonObject { ["compositionRef"] = new JsonObject { ["name"] = composition } },
    };
}
