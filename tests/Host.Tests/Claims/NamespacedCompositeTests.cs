using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Host.Tests.Claims;

/// <summary>A composite that lies in a namespace is what developers make where Crossplane is version 2: it counts as a claim does.</summary>
public sealed class NamespacedCompositeTests(HostFixture fixture)
{
    private const string Boards = "/api/v1/claims/boards.asked.example.com";
    private const string Definition = """
        apiVersion: apiextensions.crossplane.io/v2
        kind: CompositeResourceDefinition
        metadata: { name: boards.asked.example.com }
        spec:
          group: asked.example.com
          scope: Namespaced
          names: { kind: Board, plural: boards }
          versions:
            - name: v1
              served: true
              referenceable: true
              schema:
                openAPIV3Schema:
                  type: object
                  properties: { spec: { type: object, properties: { motto: { type: string } } } }
        ---
        apiVersion: apiextensions.crossplane.io/v2
        kind: CompositeResourceDefinition
        metadata: { name: shelves.asked.example.com }
        spec:
          group: asked.example.com
          scope: Cluster
          names: { kind: Shelf, plural: shelves }
          versions:
            - name: v1
              served: true
              referenceable: true
              schema:
                openAPIV3Schema:
                  type: object
                  properties: { spec: { type: object, properties: { motto: { type: string } } } }
        ---
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: boards }
        spec:
          compositeTypeRef: { apiVersion: asked.example.com/v1, kind: Board }
          mode: Pipeline
          pipeline:
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - name: settings
                    base: { apiVersion: v1, kind: ConfigMap }
                    patches: [{ fromFieldPath: spec.motto, toFieldPath: data.motto }]
            - step: ready
              functionRef: { name: function-auto-ready }
        ---
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: shelves }
        spec:
          compositeTypeRef: { apiVersion: asked.example.com/v1, kind: Shelf }
          mode: Pipeline
          pipeline:
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - name: settings
                    base: { apiVersion: v1, kind: ConfigMap, metadata: { namespace: default } }
                    patches: [{ fromFieldPath: spec.motto, toFieldPath: data.motto }]
            - step: ready
              functionRef: { name: function-auto-ready }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_developer_plans_makes_changes_and_deletes_one_in_their_namespace()
    {
        using var administrator = await OfferAsync("xr-whole");
        using var developer = fixture.Host.Client(await administrator.IssueAsync("xr-developer", "developer", "xr-whole"));

        var (planned, plan) = await developer.PostAsync("/api/v1/plans", Board("xr-whole", "calm"));
        Assert.True(planned == HttpStatusCode.OK, plan.ToJsonString());
        Assert.Equal("boards", plan["claim"]!.Value("composition"));
        Assert.Equal(["create Board", "create ConfigMap"], plan["claim"]!["resources"]!.AsArray().Select(r => $"{r!.Value("action")} {r!.Value("kind")}"));
        Assert.Equal(HttpStatusCode.OK, (await developer.PostAsync("/api/v1/claims?dryRun=true", Board("xr-whole", "calm"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await developer.PostAsync("/api/v1/claims", Board("default", "calm"))).Status);

        Assert.Equal(HttpStatusCode.Created, (await developer.PostAsync("/api/v1/claims", Board("xr-whole", "calm"))).Status);
        var path = $"{Boards}/xr-whole/web";
        var ready = await ReadyAsync(developer, path);
        Assert.Equal(("boards", "web"), (ready.Value("composition"), ready.Value("composite")));
        Assert.True((await developer.ReadAsync($"{path}/explanation")).Body["ready"]!.GetValue<bool>());
        Assert.Equal(HttpStatusCode.OK, (await developer.ReadAsync($"{path}/cost")).Status);
        Assert.Empty((await developer.GetFromJsonAsync<JsonArray>($"{path}/drift", Ct))!);
        Assert.Contains((await developer.ReadAsync("/api/v1/costs")).Body["claims"]!.AsArray(), c => c!.Value("kind") == "Board" && c!.Value("namespace") == "xr-whole");
        Assert.Equal("web", Assert.Single((await developer.ReadAsync("/api/v1/claims?namespace=xr-whole")).Body["items"]!.AsArray())!.Value("name"));

        var (_, change) = await developer.SendAsync(HttpMethod.Put, $"{path}?dryRun=true", Board("xr-whole", "bold", named: true));
        Assert.Equal(["/spec/motto", "/data/motto"], change["resources"]!.AsArray().SelectMany(r => r!["changes"]!.AsArray()).Select(c => c!.Value("path")));
        var (changed, next) = await developer.SendAsync(HttpMethod.Put, path, Board("xr-whole", "bold", named: true));
        Assert.True(changed == HttpStatusCode.OK, next.ToJsonString());
        Assert.Single(next["spec"]!["crossplane"]!["resourceRefs"]!.AsArray());

        Assert.Equal(HttpStatusCode.Accepted, (await developer.SendAsync(HttpMethod.Delete, path)).Status);
    }

    [Fact]
    public async Task A_diff_of_one_shows_what_would_be_made()
    {
        using var administrator = await OfferAsync("xr-diff");
        var kubectl = await Kubectl.Kubectl.InAsync(fixture.Host, "xr-diff-new");

        var diff = await kubectl.RunAsync("diff -f -", """
            apiVersion: asked.example.com/v1
            kind: Board
            metadata: { name: web }
            spec: { motto: calm }
            """);

        Assert.Contains("+    - create ConfigMap settings", diff.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_lies_in_no_namespace_is_an_administrators_and_is_planned_and_explained()
    {
        using var administrator = await OfferAsync("xr-cluster");
        using var developer = fixture.Host.Client(await administrator.IssueAsync("xr-cluster-developer", "developer"));
        var shelf = new JsonObject
        {
            ["apiVersion"] = "asked.example.com/v1",
            ["kind"] = "Shelf",
            ["metadata"] = new JsonObject { ["name"] = "all" },
            ["spec"] = new JsonObject { ["motto"] = "calm" },
        };

        Assert.Equal(HttpStatusCode.Forbidden, (await developer.PostAsync("/api/v1/plans", shelf)).Status);
        var (planned, plan) = await administrator.PostAsync("/api/v1/plans", shelf);
        Assert.True(planned == HttpStatusCode.OK, plan.ToJsonString());
        using var kube = fixture.Host.KubernetesClient();
        Assert.Equal(HttpStatusCode.Created, (await kube.PostAsync("/apis/asked.example.com/v1/shelves", shelf)).Status);

        var path = "/api/v1/claims/shelves.asked.example.com/-/all";
        var (explained, explanation) = await administrator.ReadAsync($"{path}/explanation");
        Assert.True(explained == HttpStatusCode.OK, explanation.ToJsonString());
        Assert.Equal(HttpStatusCode.OK, (await administrator.ReadAsync($"{path}/cost")).Status);
        Assert.DoesNotContain((await administrator.ReadAsync("/api/v1/claims")).Body["items"]!.AsArray(), c => c!.Value("kind") == "Shelf");
    }

    private async Task<HttpClient> OfferAsync(string ns)
    {
        var kubectl = await Kubectl.Kubectl.InAsync(fixture.Host, ns);
        await kubectl.OkAsync("apply --server-side -f -", Definition);
        await kubectl.OkAsync($"wait --for=condition=Established xrd/boards.asked.example.com xrd/shelves.asked.example.com --timeout={Patience.TotalSeconds}s");
        return fixture.Host.Client();
    }

    /// <param name="named">Whether it names its composition, as one does that was read and is written back.</param>
    private static JsonObject Board(string ns, string motto, bool named = false)
    {
        var spec = new JsonObject { ["motto"] = motto };
        if (named)
        {
            spec["crossplane"] = new JsonObject { ["compositionRef"] = new JsonObject { ["name"] = "boards" } };
        }

        return new JsonObject
        {
            ["apiVersion"] = "asked.example.com/v1", ["kind"] = "Board", ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = ns }, ["spec"] = spec,
        };
    }

    private static async Task<JsonObject> ReadyAsync(HttpClient client, string path)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var (_, seen) = await client.ReadAsync(path);
            if (seen["ready"]?.GetValue<bool>() == true)
            {
                return seen;
            }

            Assert.False(deadline.IsCancellationRequested, $"Waited {Patience} for it to be ready. Saw {seen.ToJsonString()}");
            await pace.WaitForNextTickAsync(Ct);
        }
    }
}
