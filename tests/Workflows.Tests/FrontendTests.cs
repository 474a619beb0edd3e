using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Flagstone.Workflows.Frontend;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests;

/// <summary>Who gets in at Temporal's port, and what answers there, by the .NET SDK's client.</summary>
public sealed class FrontendTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_with_a_token_connects_and_is_told_that_the_service_is_healthy()
    {
        var client = await fixture.ConnectAsync();

        Assert.True(await client.Connection.CheckHealthAsync());
        Assert.NotEmpty((await client.WorkflowService.GetSystemInfoAsync(new GetSystemInfoRequest())).ServerVersion);
        Assert.Equal("sqlite", (await client.WorkflowService.GetClusterInfoAsync(new GetClusterInfoRequest())).PersistenceStore);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("not-a-token")]
    public async Task A_client_without_a_good_token_is_refused(string? token)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            var client = await fixture.ConnectAsync(token);
            await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" });
        });

        Assert.Contains("No good token came with the request.", refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("not-a-token", fixture.Host.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_rpc_answers_without_a_token()
    {
        await using var host = await RunningHost.StartAsync(Ct, settings: ["--Flagstone:Limits:FailedSignIns=1000"]);
        using var client = new HttpClient();
        foreach (var rpc in RpcTable.WorkflowService.Methods.Concat(RpcTable.OperatorService.Methods))
        {
            var status = await StatusAsync(client, host, $"{rpc.Service.FullName}/{rpc.Name}");
            Assert.True(status == "16", $"{rpc.Name} answered {status} to who has no token.");
        }
    }

    [Theory]
    [InlineData("Check", "0")]
    [InlineData("Watch", "12")]
    public async Task Health_is_told_without_a_token_and_no_stream_of_it_is_held_open(string rpc, string status)
    {
        using var client = new HttpClient();

        Assert.Equal(status, await StatusAsync(client, fixture.Host, $"grpc.health.v1.Health/{rpc}"));
    }

    [Fact]
    public async Task A_client_of_this_machine_needs_no_token_where_the_setting_says_so()
    {
        await using var open = await RunningHost.StartAsync(Ct, settings: ["--Flagstone:Workflows:Anonymous=true"]);

        var client = await HostFixture.ConnectAsync(open, token: null);

        Assert.Equal("default", (await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" })).NamespaceInfo.Name);
        await Assert.ThrowsAnyAsync<Exception>(() => HostFixture.ConnectAsync(open, "not-a-token"));
    }

    [Fact]
    public async Task A_client_that_trusts_the_installations_authority_connects_by_TLS()
    {
        await using var closed = await RunningHost.StartAsync(Ct, settings: ["--Flagstone:TemporalTls=true"]);
        var authority = Convert.FromBase64String(File.ReadLines(closed.Kubeconfig).Single(l => l.Contains("certificate-authority-data", StringComparison.Ordinal)).Split(": ")[1].Trim('"'));

        var client = await HostFixture.ConnectAsync(closed, tls: new TlsOptions { ServerRootCACert = authority, Domain = "localhost" });

        Assert.True(await client.Connection.CheckHealthAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => HostFixture.ConnectAsync(closed));
    }

    [Fact]
    public async Task A_token_of_one_namespace_reads_no_other()
    {
        var client = await fixture.ConnectAsync(await IssueAsync(fixture.Host, $"reads-{Guid.NewGuid():N}", "viewer", "elsewhere"));
        var execution = new Temporalio.Api.Common.V1.WorkflowExecution { WorkflowId = "any" };

        foreach (var call in (Func<Task>[])[
            () => client.WorkflowService.DescribeWorkflowExecutionAsync(new() { Namespace = "default", Execution = execution }),
            () => client.WorkflowService.GetWorkflowExecutionHistoryAsync(new() { Namespace = "default", Execution = execution }),
            () => client.WorkflowService.GetWorkflowExecutionHistoryReverseAsync(new() { Namespace = "default", Execution = execution }),
            () => client.WorkflowService.QueryWorkflowAsync(new() { Namespace = "default", Execution = execution, Query = new() { QueryType = "any" } }),
            () => client.WorkflowService.PollWorkflowExecutionUpdateAsync(new() { Namespace = "default", UpdateRef = new() { WorkflowExecution = execution, UpdateId = "any" } })])
        {
            var refused = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal((RpcException.StatusCode.PermissionDenied, "the token is for namespace elsewhere alone"), (refused.Code, refused.Message));
        }
    }

    [Fact]
    public async Task What_is_not_there_says_so_by_name()
    {
        var client = await fixture.ConnectAsync();

        var refused = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.CreateWorkflowRuleAsync(new CreateWorkflowRuleRequest()));

        Assert.Equal(RpcException.StatusCode.Unimplemented, refused.Code);
        Assert.Contains("CreateWorkflowRule is not there yet", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/api/v1/services")]
    [InlineData("/")]
    public async Task Nothing_else_answers_on_the_port(string path)
    {
        using var client = new HttpClient();
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post])
        {
            using var request = new HttpRequestMessage(method, new Uri($"http://127.0.0.1:{fixture.Host.TemporalPort}{path}"))
            {
                Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            request.Content = method == HttpMethod.Post ? new ByteArrayContent([]) { Headers = { ContentType = new("application/grpc") } } : null;
            request.Headers.Authorization = new("Bearer", fixture.Host.Token);

            using var answer = await client.SendAsync(request, Ct);

            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task The_api_does_not_answer_on_the_consoles_port()
    {
        using var client = fixture.Host.Client();
        using var content = new ByteArrayContent([]) { Headers = { ContentType = new("application/grpc") } };

        using var answer = await client.PostAsync(new Uri("/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo", UriKind.Relative), content, Ct);

        // Who is not signed in to the console is asked to.
        Assert.Equal(("text/html", false), (answer.Content.Headers.ContentType?.MediaType, answer.Headers.Contains("grpc-status")));
    }

    [Fact]
    public async Task Calls_that_wait_do_not_keep_others_of_the_same_connection_from_being_answered()
    {
        var client = await fixture.ConnectAsync();
        var handle = await client.StartWorkflowAsync("Any", [], new($"wf-{Guid.NewGuid():N}", $"nobody-{Guid.NewGuid():N}"));

        var waiting = Enumerable.Range(0, 150).Select(_ => handle.GetResultAsync()).ToList();
        await client.WorkflowService.DescribeNamespaceAsync(new() { Namespace = "default" });

        Assert.DoesNotContain(waiting, w => w.IsCompleted);
        await handle.TerminateAsync();
        await Assert.ThrowsAsync<WorkflowFailedException>(() => Task.WhenAll(waiting));
    }

    [Fact]
    public void The_page_of_the_rpcs_is_what_the_code_has()
    {
        var page = Path.Combine(Repository(), "docs", "reference", "temporal-rpcs.md");
        if (Environment.GetEnvironmentVariable("FLAGSTONE_WRITE_PAGES") == "1")
        {
            File.WriteAllText(page, RpcTable.Page());
        }

        Assert.Equal(RpcTable.Page(), File.ReadAllText(page));
    }

    /// <summary>The gRPC status of a call without a token.</summary>
    private static async Task<string> StatusAsync(HttpClient client, RunningHost host, string path)
    {
        // A gRPC message of no bytes: not compressed, length 0.
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{host.TemporalPort}/{path}"))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]) { Headers = { ContentType = new("application/grpc") } },
        };
        request.Headers.TE.Add(new("trailers"));

        using var answer = await client.SendAsync(request, Ct);
        await answer.Content.ReadAsByteArrayAsync(Ct);
        return string.Join(' ', answer.Headers.TryGetValues("grpc-status", out var early) ? early : answer.TrailingHeaders.GetValues("grpc-status"));
    }

    /// <summary>Issues a token as the administrator.</summary>
    internal static async Task<string> IssueAsync(RunningHost host, string name, string role, string? ns = null)
    {
        using var client = host.Client();
        using var answer = await client.PostAsJsonAsync("/api/v1/tokens", new JsonObject { ["name"] = name, ["role"] = role, ["namespace"] = ns }, Ct);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>(Ct))!["token"]!.ToString();
    }

    internal static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Monolith.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
