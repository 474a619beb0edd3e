using System.Net;
using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.Host.Tests.Tokens;

public sealed class TokenTests(HostFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_issued_token_signs_in_and_its_text_is_in_no_list()
    {
        using var administrator = fixture.Host.Client();
        var (status, issued) = await administrator.PostAsync(
            "/api/v1/tokens", new JsonObject { ["name"] = "ada@example.com", ["role"] = "developer", ["namespace"] = "shop", ["expiresInDays"] = 7 });

        Assert.Equal(HttpStatusCode.Created, status);
        var text = issued.Value("token");
        using var ada = fixture.Host.Client(text);
        Assert.Equal(HttpStatusCode.OK, (await ada.ReadAsync("/api/v1/services")).Status);
        var (_, one) = await administrator.ReadAsync($"/api/v1/tokens/{issued.Value("id")}");
        Assert.Equal(("ada@example.com", "developer", "shop"), (one.Value("name"), one.Value("role"), one.Value("namespace")));
        Assert.Equal(TimeSpan.FromDays(7), one["expires"]!.GetValue<DateTimeOffset>() - one["created"]!.GetValue<DateTimeOffset>());
        Assert.Null(one["revoked"]);
        var (_, list) = await administrator.ReadAsync("/api/v1/tokens?limit=200");
        Assert.Contains(list["items"]!.AsArray(), t => t!.Value("id") == issued.Value("id"));
        Assert.DoesNotContain(text, list.ToJsonString() + one.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(text, fixture.Host.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_token_stops_working_at_once()
    {
        using var administrator = fixture.Host.Client();
        var (_, issued) = await administrator.PostAsync("/api/v1/tokens", new JsonObject { ["name"] = "leaver", ["role"] = "viewer" });
        using var leaver = fixture.Host.Client(issued.Value("token"));
        Assert.Equal(HttpStatusCode.OK, (await leaver.ReadAsync("/api/v1/services")).Status);
        var path = $"/api/v1/tokens/{issued.Value("id")}";

        Assert.Equal(HttpStatusCode.NoContent, (await administrator.SendAsync(HttpMethod.Delete, path)).Status);

        Assert.Equal(HttpStatusCode.Unauthorized, (await leaver.ReadAsync("/api/v1/services")).Status);
        Assert.NotNull((await administrator.ReadAsync(path)).Body["revoked"]);
        Assert.Equal(HttpStatusCode.NoContent, (await administrator.SendAsync(HttpMethod.Delete, path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await administrator.SendAsync(HttpMethod.Delete, "/api/v1/tokens/t-none")).Status);
    }

    [Fact]
    public async Task A_workers_token_is_of_one_namespace_and_opens_neither_the_API_nor_Kubernetes()
    {
        using var administrator = fixture.Host.Client();
        var (refused, why) = await administrator.PostAsync("/api/v1/tokens", new JsonObject { ["name"] = "worker.claims", ["role"] = "worker" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused);
        Assert.Contains("A worker's token is for one namespace of Temporal's API", why.ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);

        var (_, issued) = await administrator.PostAsync("/api/v1/tokens", new JsonObject { ["name"] = "worker.claims", ["role"] = "worker", ["namespace"] = "claims" });
        using var worker = fixture.Host.Client(issued.Value("token"));
        var (status, told) = await worker.ReadAsync("/api/v1/services");
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Contains("It signs in for workflows alone, on Temporal", told.ToJsonString(), StringComparison.Ordinal);
        using var kubernetes = fixture.Host.KubernetesClient();
        kubernetes.DefaultRequestHeaders.Authorization = new("Bearer", issued.Value("token"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await kubernetes.GetAsync(new Uri("/api/v1/namespaces", UriKind.Relative), Ct)).StatusCode);
    }

    [Fact]
    public async Task Issuing_and_revoking_are_ledger_rows_that_name_their_actor_and_no_secret()
    {
        using var administrator = fixture.Host.Client();
        var (_, issued) = await administrator.PostAsync("/api/v1/tokens", new JsonObject { ["name"] = "recorded", ["role"] = "auditor" });
        await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/tokens/{issued.Value("id")}");

        var (status, history) = await administrator.ReadAsync($"/api/v1/history/tokens.flagstone.dev/{issued.Value("id")}?proof=true");

        Assert.Equal(HttpStatusCode.OK, status);
        var rows = history["items"]!.AsArray();
        Assert.Equal(["delete", "create"], rows.Select(r => r!.Value("verb")));
        Assert.All(rows, r => Assert.Equal("admin", r!.Value("actorName")));
        Assert.Contains("as auditor", rows[1]!.Value("reason"), StringComparison.Ordinal);
        var said = string.Concat(rows.Select(r => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(r!["proof"]!.Value("entry")))));
        Assert.DoesNotContain(issued.Value("token"), said, StringComparison.Ordinal);
        Assert.DoesNotContain("recorded", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_principal_has_further_tokens_of_its_own_rights_and_others_only_once_it_has_none()
    {
        using var administrator = fixture.Host.Client();
        var asDeveloper = new JsonObject { ["name"] = "robot", ["role"] = "developer" };
        var asViewer = new JsonObject { ["name"] = "robot", ["role"] = "viewer" };
        var (_, first) = await administrator.PostAsync("/api/v1/tokens", asDeveloper);
        var (again, second) = await administrator.PostAsync("/api/v1/tokens", asDeveloper);
        Assert.Equal(HttpStatusCode.Created, again);

        var (status, problem) = await administrator.PostAsync("/api/v1/tokens", asViewer);

        Assert.Equal((HttpStatusCode.Conflict, "principal-differs"), (status, problem.Slug()));
        Assert.Contains("revoke the principal's tokens first", problem.Value("detail"), StringComparison.Ordinal);
        foreach (var token in (JsonObject[])[first, second])
        {
            using var robot = fixture.Host.Client(token.Value("token"));
            Assert.Equal(HttpStatusCode.OK, (await robot.ReadAsync("/api/v1/services")).Status);
            await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/tokens/{token.Value("id")}");
        }

        var (changed, third) = await administrator.PostAsync("/api/v1/tokens", asViewer);
        Assert.Equal((HttpStatusCode.Created, "viewer"), (changed, third.Value("role")));
    }

    [Fact]
    public async Task A_repeated_request_with_the_same_key_is_one_token_also_when_both_come_at_once()
    {
        using var administrator = fixture.Host.Client();
        var body = new JsonObject { ["name"] = "retry", ["role"] = "viewer" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => administrator.PostAsync("/api/v1/tokens", body, "one-key")));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Created, a.Status));
        Assert.Single(answers.Select(a => a.Body.ToJsonString()).Distinct());
        var (_, list) = await administrator.ReadAsync("/api/v1/tokens?limit=200");
        Assert.Single(list["items"]!.AsArray(), t => t!.Value("name") == "retry");
        var (status, problem) = await administrator.PostAsync("/api/v1/tokens", new JsonObject { ["name"] = "retry2", ["role"] = "viewer" }, "one-key");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "idempotency-key-reused"), (status, problem.Slug()));
    }

    [Fact]
    public async Task No_secret_lies_in_the_database_in_the_clear()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        using var administrator = host.Client();
        var (_, issued) = await administrator.PostAsync("/api/v1/tokens", new JsonObject { ["name"] = "ci", ["role"] = "developer" }, "key");
        await host.StopAsync();

        var secret = System.Text.Encoding.ASCII.GetBytes(issued.Value("token"));
        var files = Directory.GetFiles(host.Data, "flagstone.db*");
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            Assert.True((await File.ReadAllBytesAsync(file, Ct)).AsSpan().IndexOf(secret) < 0, $"{Path.GetFileName(file)} holds the token.");
        }
    }

    [Theory]
    [InlineData("""{ "name": "x", "role": "king" }""", "role")]
    [InlineData("""{ "name": "system:claim", "role": "viewer" }""", "name")]
    [InlineData("""{ "role": "viewer" }""", "name")]
    [InlineData("""{ "name": "x", "role": "viewer", "expiresInDays": 367 }""", "expiresInDays")]
    [InlineData("""{ "name": "x", "role": "viewer", "expiresInDays": 0 }""", "expiresInDays")]
    [InlineData("""{ "name": "x", "role": "developer", "namespace": "No/Name" }""", "namespace")]
    public async Task What_cannot_be_issued_is_refused_by_its_field(string body, string field)
    {
        using var administrator = fixture.Host.Client();
        var (status, problem) = await administrator.PostAsync("/api/v1/tokens", JsonNode.Parse(body)!);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid"), (status, problem.Slug()));
        Assert.Equal(field, Assert.Single(problem["errors"]!.AsArray())!.Value("field"));
    }

    [Theory]
    [InlineData("developer", null)]
    [InlineData("auditor", null)]
    [InlineData("administrator", "shop")]
    public async Task Only_an_administrator_of_everything_issues_lists_and_revokes(string role, string? ns)
    {
        using var administrator = fixture.Host.Client();
        using var other = fixture.Host.Client(await administrator.IssueAsync($"no-{role}", role, ns));
        Assert.Equal(HttpStatusCode.Forbidden, (await other.ReadAsync("/api/v1/tokens")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await other.ReadAsync("/api/v1/tokens/t-x")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await other.PostAsync("/api/v1/tokens", new JsonObject { ["name"] = "mine", ["role"] = "administrator" })).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await other.SendAsync(HttpMethod.Delete, "/api/v1/tokens/t-x")).Status);
    }

    [Fact]
    public async Task Pages_of_tokens_follow_each_other_to_the_last()
    {
        using var administrator = fixture.Host.Client();
        for (var i = 0; i < 3; i++)
        {
            await administrator.IssueAsync($"paged-{i}", "viewer");
        }

        var seen = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var (_, page) = await administrator.ReadAsync($"/api/v1/tokens?limit=2&cursor={next}");
            seen.AddRange(page["items"]!.AsArray().Select(t => t!.Value("id")));
            next = page["next"]?.GetValue<string>();
        }

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.True(seen.Count >= 4, $"{seen.Count} tokens came in all pages.");
        Assert.Equal(HttpStatusCode.BadRequest, (await administrator.ReadAsync("/api/v1/tokens?cursor=none")).Status);
    }

    [Fact]
    public async Task The_last_administrators_token_cannot_be_revoked()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        using var administrator = host.Client();
        var (_, list) = await administrator.ReadAsync("/api/v1/tokens");
        var first = list["items"]![0]!.Value("id");

        var (status, problem) = await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/tokens/{first}");

        Assert.Equal((HttpStatusCode.Conflict, "last-administrator"), (status, problem.Slug()));
        using var second = host.Client(await administrator.IssueAsync("deputy", "administrator"));
        Assert.Equal(HttpStatusCode.NoContent, (await second.SendAsync(HttpMethod.Delete, $"/api/v1/tokens/{first}")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await administrator.ReadAsync("/api/v1/services")).Status);
    }

    [Fact]
    public async Task A_token_revoked_in_one_process_stops_working_in_another()
    {
        await using var server = await PrivatePostgres.StartAsync(Ct);
        var database = await server.CreateDatabaseAsync(Ct);
        await using var one = await RunningHost.StartAsync(Ct, database);
        await using var two = await one.StartReplicaAsync(database, Ct);
        using var administrator = one.Client();
        var (_, issued) = await administrator.PostAsync("/api/v1/tokens", new JsonObject { ["name"] = "everywhere", ["role"] = "viewer" });
        using var there = two.Client(issued.Value("token"));
        Assert.Equal(HttpStatusCode.OK, (await there.ReadAsync("/api/v1/services")).Status);

        await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/tokens/{issued.Value("id")}");

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await there.ReadAsync("/api/v1/services")).Status != HttpStatusCode.Unauthorized)
        {
            Assert.True(await pace.WaitForNextTickAsync(deadline.Token), "The other process still takes the revoked token.");
        }
    }
}
