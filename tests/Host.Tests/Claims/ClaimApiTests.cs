using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Flagstone.Host.Tests.Claims;

public sealed class ClaimApiTests(HostFixture fixture)
{
    private const string Kind = "postgresqlinstances.platform.example.com";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_is_planned_made_read_changed_and_deleted()
    {
        using var client = await NamespaceAsync("api-whole");

        var (planned, plan) = await client.PostAsync("/api/v1/claims?dryRun=true", Claim("api-whole", "db", 50));
        Assert.Equal(HttpStatusCode.OK, planned);
        Assert.Equal("unknown", plan.Value("requiredApprovals"));
        Assert.Equal("59.31", plan["cost"]!["after"]!["monthly"]!.ToString());
        Assert.All(plan["resources"]!.AsArray(), r => Assert.Equal("create", r!.Value("action")));
        Assert.Contains(plan["resources"]!.AsArray(), r => r!.Value("kind") == "Instance");
        Assert.Equal(HttpStatusCode.NotFound, (await client.ReadAsync($"/api/v1/claims/{Kind}/api-whole/db")).Status);

        var (made, claim) = await client.PostAsync("/api/v1/claims", Claim("api-whole", "db", 50));
        Assert.Equal(HttpStatusCode.Created, made);
        Assert.Equal((Kind, "api-whole", "db"), (claim.Value("resource"), claim.Value("namespace"), claim.Value("name")));
        Assert.Equal((HttpStatusCode.Conflict, "already-exists"), await RefusedAsync(client.PostAsync("/api/v1/claims", Claim("api-whole", "db", 50))));
        var path = $"/api/v1/claims/{Kind}/api-whole/db";
        var ready = await ReadyAsync(client, path);
        Assert.Equal("postgresql-aws-standard", ready.Value("composition"));

        var (_, again) = await client.PostAsync("/api/v1/claims?dryRun=true", Claim("api-whole", "db", 50));
        Assert.All(again["resources"]!.AsArray(), r => Assert.Equal("unchanged", r!.Value("action")));
        var (_, larger) = await client.SendAsync(HttpMethod.Put, path + "?dryRun=true", Claim("api-whole", "db", 70));
        var change = Assert.Single(larger["resources"]!.AsArray().Single(r => r!.Value("kind") == "Instance")!["changes"]!.AsArray());
        Assert.Equal(("replace", "/spec/forProvider/allocatedStorage"), (change!.Value("op"), change!.Value("path")));

        var (changed, next) = await client.SendAsync(HttpMethod.Put, path, Claim("api-whole", "db", 70));
        Assert.Equal(HttpStatusCode.OK, changed);
        Assert.Equal("70", next["spec"]!["parameters"]!["storageGB"]!.ToJsonString());
        Assert.Equal(ready.Value("composite"), next.Value("composite"));

        Assert.Equal(HttpStatusCode.Accepted, (await client.SendAsync(HttpMethod.Delete, path)).Status);
        await UntilAsync("the claim to be gone", async () => (await client.ReadAsync(path)).Status == HttpStatusCode.NotFound);
        Assert.Equal("delete", (await client.ReadAsync($"/api/v1/history/{Kind}/api-whole/db")).Body["items"]![0]!.Value("verb"));
    }

    [Fact]
    public async Task A_repeated_creation_with_the_same_key_makes_one_claim()
    {
        using var client = await NamespaceAsync("api-key");
        var claim = Claim("api-key", "", 50);
        claim["metadata"] = new JsonObject { ["generateName"] = "db-", ["namespace"] = "api-key" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.PostAsync("/api/v1/claims", claim, "claim-key")));

        Assert.All(answers, a => Assert.True(a.Status == HttpStatusCode.Created, a.Body.ToJsonString()));
        Assert.Single(answers.Select(a => a.Body.ToJsonString()).Distinct());
        var (_, list) = await client.ReadAsync("/api/v1/claims?namespace=api-key");
        Assert.Equal(answers[0].Body.Value("name"), Assert.Single(list["items"]!.AsArray())!.Value("name"));
        Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, "idempotency-key-reused"),
            await RefusedAsync(client.PostAsync("/api/v1/claims", Claim("api-key", "other", 50), "claim-key")));
    }

    [Fact]
    public async Task Claims_are_listed_by_namespace_and_kind_page_by_page()
    {
        using var client = await NamespaceAsync("api-list");
        for (var i = 0; i < 3; i++)
        {
            await client.PostAsync("/api/v1/claims", Claim("api-list", $"db-{i}", 50));
        }

        var seen = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var (status, page) = await client.ReadAsync($"/api/v1/claims?namespace=api-list&kind={Kind}&limit=2&cursor={next}");
            Assert.Equal(HttpStatusCode.OK, status);
            seen.AddRange(page["items"]!.AsArray().Select(c => c!.Value("name")));
            next = page["next"]?.GetValue<string>();
        }

        Assert.Equal(["db-0", "db-1", "db-2"], seen);
        Assert.Empty((await client.ReadAsync("/api/v1/claims?namespace=nowhere")).Body["items"]!.AsArray());
        Assert.Equal((HttpStatusCode.NotFound, "no-such-kind"), await RefusedAsync(client.ReadAsync("/api/v1/claims?kind=pods")));
        Assert.Equal((HttpStatusCode.BadRequest, "bad-request"), await RefusedAsync(client.ReadAsync("/api/v1/claims?cursor=none")));
    }

    [Fact]
    public async Task Who_may_not_make_a_claim_may_not_plan_it_and_what_is_misshapen_has_no_plan()
    {
        using var administrator = await NamespaceAsync("api-rights");
        using var viewer = fixture.Host.Client(await administrator.IssueAsync("claims-viewer", "viewer"));
        var misshapen = Claim("api-rights", "db", 50);
        misshapen["spec"]!["parameters"]!["storageGB"] = "much";

        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), await RefusedAsync(viewer.PostAsync("/api/v1/claims?dryRun=true", Claim("api-rights", "db", 50))));
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), await RefusedAsync(viewer.PostAsync("/api/v1/claims", Claim("api-rights", "db", 50))));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid"), await RefusedAsync(administrator.PostAsync("/api/v1/claims?dryRun=true", misshapen)));
        Assert.Equal((HttpStatusCode.NotFound, "no-such-kind"), await RefusedAsync(administrator.PostAsync("/api/v1/claims", new JsonObject { ["kind"] = "Pod" })));
        Assert.Equal(HttpStatusCode.OK, (await viewer.ReadAsync("/api/v1/claims")).Status);
    }

    [Fact]
    public async Task A_change_of_a_version_that_is_not_the_last_is_refused()
    {
        using var client = await NamespaceAsync("api-stale");
        await client.PostAsync("/api/v1/claims", Claim("api-stale", "db", 50));
        client.DefaultRequestHeaders.IfMatch.Add(new EntityTagHeaderValue("\"1\""));
        var path = $"/api/v1/claims/{Kind}/api-stale/db";

        Assert.Equal((HttpStatusCode.Conflict, "conflict"), await RefusedAsync(client.SendAsync(HttpMethod.Put, path, Claim("api-stale", "db", 60))));
        Assert.Equal((HttpStatusCode.Conflict, "conflict"), await RefusedAsync(client.SendAsync(HttpMethod.Delete, path)));
    }

    private async Task<HttpClient> NamespaceAsync(string name)
    {
        using var kubernetes = fixture.Host.KubernetesClient();
        var (status, body) = await kubernetes.PostAsync("/api/v1/namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } });
        Assert.True(status == HttpStatusCode.Created, body.ToJsonString());
        return fixture.Host.Client();
    }

    private static JsonObject Claim(string ns, string name, int size) => new()
    {
        ["apiVersion"] = "platform.example.com/v1alpha1",
        ["kind"] = "PostgreSQLInstance",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
        ["spec"] = new JsonObject
        {
            ["parameters"] = new JsonObject { ["storageGB"] = size },
            ["compositionRef"] = new JsonObject { ["name"] = "postgresql-aws-standard" },
        },
    };

    private static async Task<(HttpStatusCode Status, string Slug)> RefusedAsync(Task<(HttpStatusCode Status, JsonObject Body)> answer) =>
        (await answer) is var (status, body) ? (status, body.Slug()) : default;

    private static async Task<JsonObject> ReadyAsync(HttpClient client, string path)
    {
        JsonObject? seen = null;
        await UntilAsync("the claim to be ready", async () => (seen = (await client.ReadAsync(path)).Body)["ready"]!.GetValue<bool>(), () => seen?.ToJsonString());
        return seen!;
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> holds, Func<string?>? saw = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await holds())
        {
            Assert.False(deadline.IsCancellationRequested, $"Waited {Patience} for {what}. Saw {saw?.Invoke()}");
            await pace.WaitForNextTickAsync(Ct);
        }
    }
}
