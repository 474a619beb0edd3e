using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Namespaces;

/// <summary>Namespaces that a claim asks for, here and at another server.</summary>
public sealed class ClaimTests(HostFixture fixture)
{
    private const string Claims = "/apis/platform.example.com/v1alpha1/namespaces/default/temporalnamespaces";
    private const string Managed = "/apis/temporal.flagstone.dev/v1alpha1/temporalnamespaces";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_makes_a_namespace_whose_workers_token_is_good_there_alone_and_ends_with_it()
    {
        using var kubernetes = fixture.Host.KubernetesClient();
        await ApplyAsync(kubernetes, Claims, """
            {
              "apiVersion": "platform.example.com/v1alpha1", "kind": "TemporalNamespace", "metadata": { "name": "adjudication", "namespace": "default" },
              "spec": {
                "parameters": { "description": "claims", "retentionDays": 7, "searchAttributes": { "Severity": "Int" } },
                "writeConnectionSecretToRef": { "name": "adjudication" }
              }
            }
            """);
        var secret = await SecretAsync(kubernetes, "default", "adjudication");
        var (ns, key) = (secret["namespace"], secret["apiKey"]);
        Assert.Equal(($"127.0.0.1:{fixture.Host.TemporalPort}", "false"), (secret["address"], secret["tls"]));

        var client = await TemporalClient.ConnectAsync(new TemporalClientConnectOptions(secret["address"]) { Namespace = ns, ApiKey = key, Tls = new TlsOptions { Disabled = true } });
        await using (var worker = RunningWorker.Start(client))
        {
            Assert.Equal("Hello, Ada!", await client.ExecuteWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), worker.Options("first")));
        }

        var described = await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = ns });
        Assert.Equal(("claims", TimeSpan.FromDays(7)), (described.NamespaceInfo.Description, described.Config.WorkflowExecutionRetentionTtl.ToTimeSpan()));
        var attributes = await client.OperatorService.ListSearchAttributesAsync(new ListSearchAttributesRequest { Namespace = ns });
        Assert.Equal(IndexedValueType.Int, attributes.CustomAttributes["Severity"]);

        await DeniedAsync(() => client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" }));
        await DeniedAsync(() => client.WorkflowService.ListNamespacesAsync(new ListNamespacesRequest()));
        await DeniedAsync(() => client.WorkflowService.CountWorkflowExecutionsAsync(new CountWorkflowExecutionsRequest { Namespace = "default" }));
        await DeniedAsync(() => client.OperatorService.DeleteNamespaceAsync(new DeleteNamespaceRequest { Namespace = ns }));
        var elsewhere = await HostFixture.ConnectAsync(fixture.Host, key);
        await DeniedAsync(() => elsewhere.StartWorkflowAsync("Unknown", [], new WorkflowOptions("other", "nobody")));
        using (var rest = fixture.Host.Client(key))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await rest.GetAsync(new Uri("/api/v1/services", UriKind.Relative), Ct)).StatusCode);
        }

        // What runs in it keeps it.
        var open = await client.StartWorkflowAsync("Unknown", [], new WorkflowOptions("open", "nobody"));
        (await kubernetes.DeleteAsync(new Uri($"{Claims}/adjudication", UriKind.Relative), Ct)).EnsureSuccessStatusCode();
        await UntilAsync("the open run to be named", async () => (await ReadAsync(kubernetes, Managed))!.ToJsonString().Contains($"1 workflow executions that run in namespace {ns}", StringComparison.Ordinal));
        await open.TerminateAsync("the claim goes");
        await UntilAsync("the token to end", async () => await CodeAsync(() => client.WorkflowService.GetSystemInfoAsync(new GetSystemInfoRequest())) == RpcException.StatusCode.Unauthenticated);
        var admin = await fixture.ConnectAsync();
        Assert.Equal(RpcException.StatusCode.NotFound, await CodeAsync(() => admin.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = ns })));
    }

    [Fact]
    public async Task A_namespace_at_another_server_is_made_mended_and_deleted_there()
    {
        await using var other = await RunningHost.StartAsync(Ct);
        var there = await HostFixture.ConnectAsync(other, other.Token);
        using var kubernetes = fixture.Host.KubernetesClient();
        await ApplyAsync(kubernetes, "/api/v1/namespaces/default/secrets", $$"""
            { "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "other-temporal", "namespace": "default" }, "stringData": { "apiKey": "{{other.Token}}" } }
            """);
        await ApplyAsync(kubernetes, "/apis/temporal.flagstone.dev/v1alpha1/providerconfigs", $$"""
            {
              "apiVersion": "temporal.flagstone.dev/v1alpha1", "kind": "ProviderConfig", "metadata": { "name": "other" },
              "spec": { "address": "127.0.0.1:{{other.TemporalPort}}", "tls": false, "credentials": { "secretRef": { "namespace": "default", "name": "other-temporal" } } }
            }
            """);
        await ApplyAsync(kubernetes, Managed, """
            {
              "apiVersion": "temporal.flagstone.dev/v1alpha1", "kind": "TemporalNamespace", "metadata": { "name": "far-away" },
              "spec": { "forProvider": { "retention": "48h", "searchAttributes": { "Region": "Keyword" } }, "providerConfigRef": { "name": "other" } }
            }
            """);
        await UntilAsync("the namespace to be ready", async () => await IsReadyAsync(kubernetes, $"{Managed}/far-away"));

        var made = await there.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "far-away" });
        Assert.Equal(TimeSpan.FromHours(48), made.Config.WorkflowExecutionRetentionTtl.ToTimeSpan());
        Assert.Equal(
            IndexedValueType.Keyword, (await there.OperatorService.ListSearchAttributesAsync(new ListSearchAttributesRequest { Namespace = "far-away" })).CustomAttributes["Region"]);
        var here = await fixture.ConnectAsync();
        Assert.Equal(RpcException.StatusCode.NotFound, await CodeAsync(() => here.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "far-away" })));

        using var patch = new StringContent("""{ "spec": { "forProvider": { "retention": "96h" } } }""", Encoding.UTF8, "application/merge-patch+json");
        (await kubernetes.PatchAsync(new Uri($"{Managed}/far-away", UriKind.Relative), patch, Ct)).EnsureSuccessStatusCode();
        await UntilAsync("the retention to follow", async () =>
            (await there.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "far-away" })).Config.WorkflowExecutionRetentionTtl.ToTimeSpan() == TimeSpan.FromHours(96));

        (await kubernetes.DeleteAsync(new Uri($"{Managed}/far-away", UriKind.Relative), Ct)).EnsureSuccessStatusCode();
        await UntilAsync("the namespace to go", async () =>
            await CodeAsync(() => there.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "far-away" })) == RpcException.StatusCode.NotFound);
    }

    private static async Task ApplyAsync(HttpClient kubernetes, string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await kubernetes.PostAsync(new Uri(path, UriKind.Relative), body, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private static async Task<JsonNode?> ReadAsync(HttpClient kubernetes, string path)
    {
        using var answer = await kubernetes.GetAsync(new Uri(path, UriKind.Relative), Ct);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonNode>(Ct) : null;
    }

    private static async Task<bool> IsReadyAsync(HttpClient kubernetes, string path) =>
        (await ReadAsync(kubernetes, path))?["status"]?["conditions"]?.AsArray().Any(c => c!["type"]!.ToString() == "Ready" && c["status"]!.ToString() == "True") == true;

    private static async Task<Dictionary<string, string>> SecretAsync(HttpClient kubernetes, string ns, string name)
    {
        Dictionary<string, string> values = [];
        await UntilAsync($"the secret {name}", async () =>
        {
            var data = (await ReadAsync(kubernetes, $"/api/v1/namespaces/{ns}/secrets/{name}"))?["data"]?.AsObject();
            values = data?.ToDictionary(d => d.Key, d => Encoding.UTF8.GetString(Convert.FromBase64String(d.Value!.ToString()))) ?? [];
            return values.ContainsKey("apiKey") && values.ContainsKey("address") && await IsReadyAsync(kubernetes, $"{Claims}/{name}");
        });
        return values;
    }

    private static async Task DeniedAsync<T>(Func<Task<T>> call) => Assert.Equal(RpcException.StatusCode.PermissionDenied, await CodeAsync(call));

    private static async Task<RpcException.StatusCode> CodeAsync<T>(Func<Task<T>> call)
    {
        try
        {
            await call();
            return RpcException.StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.Code;
        }
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        timeout.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await holds())
        {
            Assert.False(timeout.IsCancellationRequested, $"waited too long for {what}");
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
