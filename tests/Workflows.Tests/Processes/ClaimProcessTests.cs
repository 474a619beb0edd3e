using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Workflows.Tests.People;
using Flagstone.Workflows.Tests.Workers;

namespace Flagstone.Workflows.Tests.Processes;

/// <summary>The processes about claims: a change that another person approves, and credentials that are rotated so that the old ones end.</summary>
public sealed class ClaimProcessTests(HostFixture fixture)
{
    private const string Kind = "postgresqlinstances.platform.example.com";
    private const string Change = "change-claim";
    private const string Rotate = "rotate-credentials";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_is_made_as_it_was_planned_once_somebody_else_has_approved_the_plan()
    {
        var (name, asking) = await AskingAsync();
        var (ada, approver) = await Inbox.OfAsync(fixture.Host, "ada");
        var ns = await NamespaceAsync();
        var id = await asking.StartedAsync(Change, new JsonObject { ["manifest"] = Claim(ns, "orders", 50) });

        var run = await ProcessApi.RunAsync(fixture.Host, $"{Change}/{Kind}/{ns}/orders", id);
        var task = await Inbox.TaskOfAsync(run);
        var shown = (await approver.GetAsync(task)).Body;
        Assert.Contains("composition: postgresql-aws-standard", shown["description"]!.ToString(), StringComparison.Ordinal);
        Assert.Contains("it is time", shown["context"]!.AsArray().Select(c => c!["text"]!.ToString()));
        Assert.False((bool)shown["starterMayDecide"]!);
        Assert.Null(await FindAsync(ns, "orders"));
        Assert.Equal(HttpStatusCode.OK, (await approver.DecideAsync(task, reason: "as agreed")).Status);

        Assert.Equal("completed", (await asking.EndedAsync(id))["state"]!.ToString());
        Assert.Equal(50, (int)(await FindAsync(ns, "orders"))!["spec"]!["parameters"]!["storageGB"]!);
        Assert.Contains(
            $"Make PostgreSQLInstance orders in {ns}: asked by {name} (it is time), approved by {ada} (as agreed)", await ReasonsAsync(ns, "orders"));
        await run.ReplayedAsync();
    }

    [Fact]
    public async Task A_claim_that_changed_meanwhile_is_not_overwritten_by_what_was_approved()
    {
        var (_, asking) = await AskingAsync();
        var (_, administrator) = await Inbox.OfAsync(fixture.Host, "root", "administrator");
        var ns = await NamespaceAsync();
        await PostAsync("/api/v1/claims", Claim(ns, "orders", 50));
        var id = await asking.StartedAsync(Change, new JsonObject { ["manifest"] = Claim(ns, "orders", 60) });
        var run = await ProcessApi.RunAsync(fixture.Host, $"{Change}/{Kind}/{ns}/orders", id);
        var task = await Inbox.TaskOfAsync(run);

        using (var client = fixture.Host.Client())
        {
            using var put = await client.PutAsJsonAsync($"/api/v1/claims/{Kind}/{ns}/orders", Claim(ns, "orders", 70), Ct);
            Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync(Ct));
        }

        Assert.Equal(HttpStatusCode.OK, (await administrator.DecideAsync(task)).Status);
        var trouble = await Inbox.TaskOfAsync(run, 3);
        Assert.Contains("has changed since the change was approved", (await administrator.GetAsync(trouble)).Body["description"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await administrator.DecideAsync(trouble, "stop", "ask again")).Status);

        Assert.Equal("failed", (await asking.EndedAsync(id))["state"]!.ToString());
        Assert.Equal(70, (int)(await FindAsync(ns, "orders"))!["spec"]!["parameters"]!["storageGB"]!);
    }

    [Fact]
    public async Task A_claim_that_Git_declares_is_changed_there_and_not_by_a_process()
    {
        var (_, asking) = await AskingAsync();
        var ns = await NamespaceAsync();
        using var kubernetes = fixture.Host.KubernetesClient();
        await ApplyAsync(kubernetes, $"/apis/flagstone.dev/v1alpha1/gitsources/{ns}", "admin", new JsonObject
        {
            ["apiVersion"] = "flagstone.dev/v1alpha1", ["kind"] = "GitSource", ["metadata"] = new JsonObject { ["name"] = ns },
            ["spec"] = new JsonObject { ["repository"] = ns, ["namespaces"] = new JsonArray(ns) },
        });
        await ApplyAsync(
            kubernetes, $"/apis/platform.example.com/v1alpha1/namespaces/{ns}/postgresqlinstances/orders", $"gitops:{ns}", Claim(ns, "orders", 50));

        var (status, problem) = await asking.StartAsync(Change, new JsonObject { ["manifest"] = Claim(ns, "orders", 60) });

        using var client = fixture.Host.Client();
        using var plan = await client.PostAsJsonAsync("/api/v1/plans", Claim(ns, "orders", 60), Ct);
        Assert.Contains($"GitOps source '{ns}' declares it", await plan.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains($"GitOps source '{ns}' declares it, and puts back what is changed here.", problem["detail"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_not_be_claimed_is_not_asked_for()
    {
        var viewer = new ProcessApi(fixture.Host, await FrontendTests.IssueAsync(fixture.Host, $"vera-{Guid.NewGuid():N}", "viewer"));
        var (_, asking) = await AskingAsync();
        var ns = await NamespaceAsync();

        var (forbidden, _) = await viewer.StartAsync(Change, new JsonObject { ["manifest"] = Claim(ns, "orders", 50) });
        var (tooLarge, _) = await asking.StartAsync(Change, new JsonObject { ["manifest"] = Claim(ns, "orders", 1) });
        var (unknown, problem) = await asking.StartAsync(Rotate, new JsonObject { ["kind"] = Kind, ["namespace"] = ns, ["name"] = "nobody" });

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.UnprocessableEntity, HttpStatusCode.NotFound), (forbidden, tooLarge, unknown));
        Assert.Contains("nobody", problem["detail"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_are_rotated_twice_so_that_the_password_that_was_in_use_ends()
    {
        var (_, asking) = await AskingAsync();
        var (_, approver) = await Inbox.OfAsync(fixture.Host, "ada");
        var ns = await NamespaceAsync();
        var claim = Claim(ns, "orders", 20, "postgresql-local");
        claim["spec"]!["writeConnectionSecretToRef"] = new JsonObject { ["name"] = "orders-db" };
        await PostAsync("/api/v1/claims", claim);
        await UntilReadyAsync(ns, "orders");
        var before = await SecretAsync(ns);

        var id = await asking.StartedAsync(Rotate, new JsonObject { ["kind"] = Kind, ["namespace"] = ns, ["name"] = "orders", ["overlapHours"] = 0 });
        var run = await ProcessApi.RunAsync(fixture.Host, $"{Rotate}/{Kind}/{ns}/orders", id);
        Assert.Equal(HttpStatusCode.OK, (await approver.DecideAsync(await Inbox.TaskOfAsync(run))).Status);
        var ended = await asking.EndedAsync(id);

        Assert.Equal("completed", ended["state"]!.ToString());
        var after = await SecretAsync(ns);
        // Two turns: the same login again, with another password.
        Assert.Equal(before["username"]!.ToString(), after["username"]!.ToString());
        Assert.NotEqual(before["password"]!.ToString(), after["password"]!.ToString());
        await run.ReplayedAsync();
    }

    private static JsonObject Claim(string ns, string name, int storage, string composition = "postgresql-aws-standard") => new()
    {
        ["apiVersion"] = "platform.example.com/v1alpha1", ["kind"] = "PostgreSQLInstance",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
        ["spec"] = new JsonObject { ["parameters"] = new JsonObject { ["storageGB"] = storage }, ["compositionRef"] = new JsonObject { ["name"] = composition } },
    };

    private async Task<(string Name, ProcessApi Api)> AskingAsync()
    {
        var name = $"carl-{Guid.NewGuid():N}";
        return (name, new ProcessApi(fixture.Host, await FrontendTests.IssueAsync(fixture.Host, name, "developer")));
    }

    private async Task<string> NamespaceAsync()
    {
        var ns = $"ns-{Guid.NewGuid():N}"[..20];
        using var kubernetes = fixture.Host.KubernetesClient();
        using var answer = await kubernetes.PostAsJsonAsync(
            "/api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = ns } }, Ct);
        Assert.True(answer.IsSuccessStatusCode);
        return ns;
    }

    private static async Task ApplyAsync(HttpClient kubernetes, string path, string manager, JsonObject document)
    {
        using var content = new StringContent(document.ToJsonString(), new System.Net.Http.Headers.MediaTypeHeaderValue("application/apply-patch+yaml"));
        using var answer = await kubernetes.PatchAsync(new Uri($"{path}?fieldManager={manager}", UriKind.Relative), content, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private async Task PostAsync(string path, JsonObject body)
    {
        using var client = fixture.Host.Client();
        using var answer = await client.PostAsJsonAsync(path, body, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private async Task<JsonObject?> FindAsync(string ns, string name)
    {
        using var client = fixture.Host.Client();
        using var answer = await client.GetAsync(new Uri($"/api/v1/claims/{Kind}/{ns}/{name}", UriKind.Relative), Ct);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonObject>(Ct) : null;
    }

    private async Task UntilReadyAsync(string ns, string name)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!(bool)(await FindAsync(ns, name))!["ready"]!)
        {
            await pace.WaitForNextTickAsync(Ct);
        }
    }

    private async Task<JsonObject> SecretAsync(string ns)
    {
        using var kubernetes = fixture.Host.KubernetesClient();
        return (await kubernetes.GetFromJsonAsync<JsonObject>($"/api/v1/namespaces/{ns}/secrets/orders-db", Ct))!["data"]!.AsObject();
    }

    private async Task<IReadOnlyList<string>> ReasonsAsync(string ns, string name)
    {
        using var client = fixture.Host.Client();
        var page = await client.GetFromJsonAsync<JsonObject>($"/api/v1/history/{Kind}/{ns}/{name}", Ct);
        return [.. page!["items"]!.AsArray().Select(r => r!["reason"]?.ToString() ?? "")];
    }
}
