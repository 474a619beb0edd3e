using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Services;
using Flagstone.Catalog.Tests.Repositories;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Tests.MainPath;

/// <summary>From the form to what the store holds, with the real kernel, the real Git and real tokens.</summary>
public sealed class MainPathTests : IAsyncLifetime
{
    private const string Source = "gitsources.flagstone.dev//web-gitops";
    private const string Deployment = "deployments.apps/web/web";

    private static readonly JsonObject Form = new()
    {
        ["values"] = new JsonObject { ["name"] = "web", ["owner"] = "group:default/shop", ["storageGB"] = 20, ["environment"] = "dev" },
    };

    private readonly TemporaryFolder folder = new();
    private PlatformHost platform = null!;
    private string developer = "";

    public async ValueTask InitializeAsync()
    {
        platform = await PlatformHost.StartAsync(folder.At("data"));
        developer = await platform.TokenAsync("zoe", Role.Developer);
        await platform.UntilAsync("templates.scaffolder.backstage.io/default/nodejs-postgresql", "stored", _ => true);
    }

    public async ValueTask DisposeAsync()
    {
        await platform.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_form_becomes_repositories_and_what_they_declare()
    {
        using var client = platform.Client(developer);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/templates/nodejs-postgresql/runs") { Content = JsonContent.Create(Form) };
        request.Headers.Add("Idempotency-Key", "one");
        var response = await client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);

        // The stream ends when the run does; the ids are the ledger's.
        var events = await client.GetStringAsync(new Uri($"{response.Headers.Location}/events", UriKind.Relative), Token);
        Assert.Contains("\"phase\":\"Succeeded\"", events, StringComparison.Ordinal);
        var last = events.Split('\n').Last(l => l.StartsWith("id: ", StringComparison.Ordinal))["id: ".Length..];
        using var resumed = new HttpRequestMessage(HttpMethod.Get, $"{response.Headers.Location}/events");
        resumed.Headers.Add("Last-Event-ID", last);
        Assert.Empty(await (await client.SendAsync(resumed, Token)).Content.ReadAsStringAsync(Token));

        var deployment = await platform.UntilAsync(Deployment, "applied", _ => true);
        Assert.StartsWith("web@", deployment.Annotation("flagstone.dev/source"), StringComparison.Ordinal);
        Assert.NotNull(await platform.FindAsync("postgresqlinstances.platform.example.com/web/web-db"));
        Assert.Equal("web", (await platform.FindAsync("namespaces//web"))!.Label("flagstone.dev/service"));
        await platform.UntilAsync("components.backstage.io/default/web", "observed", c => c["status"].Text("phase") == "Provisioning");
        var service = await client.GetFromJsonAsync<JsonObject>("/api/v1/services/default/web", Token);
        Assert.Equal("PostgreSQLInstance", service!["claims"]![0].Text("kind"));
        Assert.Single(service["commits"]!.AsArray());
    }

    [Fact]
    public async Task The_same_idempotency_key_starts_one_run()
    {
        using var client = platform.Client(developer);
        client.DefaultRequestHeaders.Add("Idempotency-Key", "k");
        var (first, again) = (await StartAsync(client, Form), await StartAsync(client, Form));
        var other = (JsonObject)Form.DeepClone();
        other["values"]!["name"] = "other";
        var reused = await StartAsync(client, other);
        Assert.Equal((HttpStatusCode.Created, first.Headers.Location), (again.StatusCode, again.Headers.Location));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reused.StatusCode);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused_before_a_run_is_made_and_an_unknown_owner_is_warned_of()
    {
        await ScaffoldAsync();
        using var client = platform.Client(developer);
        using var again = await StartAsync(client, Form);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Contains("Repository 'web' is hosted here already. Use another name", await again.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        var runs = await client.GetFromJsonAsync<JsonObject>("/api/v1/runs", Token);
        Assert.Single(runs!["items"]!.AsArray());

        var other = (JsonObject)Form.DeepClone();
        other["values"]!["name"] = "other";
        using var made = await StartAsync(client, other);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Contains("the catalog has no group 'default/shop'", await made.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_is_filled_in_wrong_and_a_stranger_are_refused()
    {
        using var client = platform.Client(developer);
        var bad = (JsonObject)Form.DeepClone();
        bad["values"]!["storageGB"] = 1;
        var refused = await StartAsync(client, bad);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("/storageGB", await refused.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);

        using var stranger = platform.Client("fst_no");
        Assert.Equal(HttpStatusCode.Unauthorized, (await StartAsync(stranger, Form)).StatusCode);
        using var viewer = platform.Client(await platform.TokenAsync("vera", Role.Viewer));
        Assert.Equal(HttpStatusCode.Forbidden, (await StartAsync(viewer, Form)).StatusCode);
        using var bound = platform.Client(await platform.TokenAsync("emil", Role.Developer, "shop"));
        Assert.Equal(HttpStatusCode.Forbidden, (await StartAsync(bound, Form)).StatusCode);
    }

    [Fact]
    public async Task A_broken_push_changes_nothing_and_the_next_good_one_prunes()
    {
        await ScaffoldAsync();
        var git = await CloneAsync("web-gitops");
        var manifests = folder.At("web-gitops/manifests");
        var before = await platform.UntilAsync(Source, "applied", s => s.IsTrue("Synced"));
        var file = Path.Combine(manifests, "deployment.yaml");
        var good = await File.ReadAllTextAsync(file, Token);
        await File.WriteAllTextAsync(file, good.Replace("replicas: 1", "replicas: many", StringComparison.Ordinal), Token);
        File.Delete(Path.Combine(manifests, "dashboard.yaml"));
        await PushAsync(git, "Break it");

        var refused = await platform.UntilAsync(Source, "refused", s => s.FindCondition("Synced")?.Status == "False");
        Assert.StartsWith("manifests/deployment.yaml:18: ", refused.FindCondition("Synced")!.Message, StringComparison.Ordinal);
        Assert.Equal(before["status"].Text("appliedCommit"), refused["status"].Text("appliedCommit"));
        Assert.NotNull(await platform.FindAsync("configmaps/web/web-dashboard"));

        await File.WriteAllTextAsync(file, good.Replace("replicas: 1", "replicas: 3", StringComparison.Ordinal), Token);
        await PushAsync(git, "Mend it");
        await platform.UntilAsync(Source, "applied", s => s.IsTrue("Synced"));
        Assert.Equal("3", (await platform.FindAsync(Deployment))!.At("spec", "replicas")!.ToString());
        Assert.Null(await platform.FindAsync("configmaps/web/web-dashboard"));
    }

    [Fact]
    public async Task A_push_to_the_app_is_deployed_and_a_rollback_stays()
    {
        await ScaffoldAsync();
        var first = (await platform.UntilAsync(Deployment, "applied", _ => true)).Annotation("flagstone.dev/source");
        await AnswerAsync(first["web@".Length..]);
        var git = await CloneAsync("web");
        await File.AppendAllTextAsync(folder.At("web/README.md"), "More.\n", Token);
        await PushAsync(git, "Say more");
        var head = (await git.RunAsync("rev-parse", "HEAD")).Trim();
        await platform.UntilAsync(Deployment, "moved", d => d.Annotation("flagstone.dev/source") == $"web@{head}");
        await AnswerAsync(head);

        using var client = platform.Client(developer);
        client.DefaultRequestHeaders.Add("Idempotency-Key", "back");
        var response = await client.PostAsJsonAsync("/api/v1/services/default/web/rollback", new JsonObject(), Token);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var again = await client.PostAsJsonAsync("/api/v1/services/default/web/rollback", new JsonObject(), Token);
        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Equal(await response.Content.ReadAsStringAsync(Token), await again.Content.ReadAsStringAsync(Token));
        var other = await client.PostAsJsonAsync("/api/v1/services/default/web/rollback", new JsonObject { ["commit"] = head }, Token);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        var back = await platform.UntilAsync(Deployment, "rolled back", d => d.Annotation("flagstone.dev/source") == first);
        Assert.Equal(head, back.Annotation("flagstone.dev/rolled-back-from"));
    }

    [Fact]
    public async Task A_rollback_goes_to_earlier_commits_that_answered_and_never_to_one_that_did_not()
    {
        await ScaffoldAsync();
        var first = (await platform.UntilAsync(Deployment, "applied", _ => true)).Annotation("flagstone.dev/source")["web@".Length..];
        await AnswerAsync(first);
        var git = await CloneAsync("web");
        var second = await DeployAsync(git, "Work");
        await AnswerAsync(second);
        var broken = await DeployAsync(git, "Break it");

        using var client = platform.Client(developer);
        Assert.Equal((HttpStatusCode.Accepted, second), await RollBackAsync(client, new JsonObject()));
        await platform.UntilAsync(Deployment, "rolled back", d => d.Annotation("flagstone.dev/source") == $"web@{second}");
        Assert.Equal((HttpStatusCode.Accepted, first), await RollBackAsync(client, new JsonObject()));
        var (none, why) = await RollBackAsync(client, new JsonObject());
        Assert.Equal(HttpStatusCode.Conflict, none);
        Assert.Contains($"Commit {first} is deployed, and no earlier commit of 'web' has ever answered", why, StringComparison.Ordinal);
        var (never, named) = await RollBackAsync(client, new JsonObject { ["commit"] = broken });
        Assert.Equal(HttpStatusCode.Conflict, never);
        Assert.Contains($"Commit {broken} of 'web' has never answered", named, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Accepted, second), await RollBackAsync(client, new JsonObject { ["commit"] = second }));
    }

    [Fact]
    public async Task A_repository_that_is_deleted_is_put_aside_and_its_name_can_be_used_again()
    {
        await ScaffoldAsync();
        var git = folder.At("data/git");
        foreach (var key in new[] { "gitsources.flagstone.dev//web", Source, "repositories.flagstone.dev//web", "repositories.flagstone.dev//web-gitops" })
        {
            await platform.DeleteAsync(key);
        }

        await platform.GoneAsync("repositories.flagstone.dev//web");
        await platform.GoneAsync("repositories.flagstone.dev//web-gitops");
        Assert.False(Directory.Exists(Path.Combine(git, "web.git")));
        Assert.Equal(2, Directory.GetDirectories(Path.Combine(git, ".archived"), "web-*.git").Length);

        await ScaffoldAsync();
        Assert.True(Directory.Exists(Path.Combine(git, "web.git")));
    }

    [Fact]
    public async Task Git_asks_for_a_token_and_lets_only_those_push_who_may()
    {
        await ScaffoldAsync();
        var viewer = await platform.TokenAsync("vera", Role.Viewer);
        var elsewhere = await platform.TokenAsync("emil", Role.Developer, "shop");
        var git = new GitClient(folder.Path);
        Assert.NotEqual(0, (await git.TryAsync("clone", "-q", platform.Remote("web", "fst_wrong"), "none")).Exit);
        await git.RunAsync("clone", "-q", platform.Remote("web", viewer), "read");
        var clone = new GitClient(folder.At("read"));
        await clone.RunAsync("commit", "-q", "--allow-empty", "-m", "Mine");
        var refused = (await clone.TryAsync("push", "-q")).Output;
        Assert.Contains("403", refused, StringComparison.Ordinal);
        Assert.Contains("remote: 'vera' may not push to 'web': that needs the right to change Deployments in namespace 'web', and ", refused, StringComparison.Ordinal);
        Assert.Contains("403", (await clone.TryAsync("push", "-q", platform.Remote("web", elsewhere), "main")).Output, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Task<HttpResponseMessage> StartAsync(HttpClient client, JsonObject form) =>
        client.PostAsJsonAsync("/api/v1/templates/nodejs-postgresql/runs", form, Token);

    private async Task ScaffoldAsync()
    {
        using var client = platform.Client(developer);
        var response = await StartAsync(client, Form);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var id = (await response.Content.ReadFromJsonAsync<JsonObject>(Token)).Text("id");
        var run = await platform.UntilAsync($"templateruns.flagstone.dev/default/{id}", "over", r => r["status"].Text("phase") is "Succeeded" or "Failed");
        Assert.Equal(("Succeeded", ""), (run["status"].Text("phase"), run["status"].Text("message")));
    }

    private async Task<GitClient> CloneAsync(string repository)
    {
        await new GitClient(folder.Path).RunAsync("clone", "-q", platform.Remote(repository, developer), repository);
        return new GitClient(folder.At(repository));
    }

    private async Task AnswerAsync(string commit)
    {
        await platform.AnswersAsync("web", commit);
        await platform.UntilAsync("components.backstage.io/default/web", $"answering with {commit}", c => AnsweredCommits.Of(c) is [.., var last] && last == commit);
    }

    /// <summary>An empty commit that is pushed and deployed; its id.</summary>
    private async Task<string> DeployAsync(GitClient git, string message)
    {
        await git.RunAsync("commit", "-q", "--allow-empty", "-m", message);
        await git.RunAsync("push", "-q");
        var head = (await git.RunAsync("rev-parse", "HEAD")).Trim();
        await platform.UntilAsync(Deployment, "moved", d => d.Annotation("flagstone.dev/source") == $"web@{head}");
        return head;
    }

    /// <summary>The commit that is gone back to, or why none is.</summary>
    private static async Task<(HttpStatusCode Status, string Text)> RollBackAsync(HttpClient client, JsonObject body)
    {
        using var response = await client.PostAsJsonAsync("/api/v1/services/default/web/rollback", body, Token);
        var answer = await response.Content.ReadFromJsonAsync<JsonObject>(Token);
        return (response.StatusCode, answer.Text(response.IsSuccessStatusCode ? "to" : "detail"));
    }

    private static async Task PushAsync(GitClient git, string message)
    {
        await git.RunAsync("add", "-A");
        await git.RunAsync("commit", "-q", "-m", message);
        await git.RunAsync("push", "-q");
    }
}
