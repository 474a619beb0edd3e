using Flagstone.Platform.Data;
using Flagstone.Testing;
using Microsoft.Playwright;
using Temporalio.Client;
using Temporalio.Converters;
using Temporalio.Worker;
using Temporalio.Workflows;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>Payloads that workers encrypt, read and written in a real browser by a codec server.</summary>
public sealed class CodecPageTests
{
    private const string Queue = "secrets";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_workers_encrypt_is_read_and_written_by_the_codec_server_alone_and_axe_finds_nothing()
    {
        var codecPort = LoopbackPorts.Free();
        await using var host = await RunningHost.StartAsync(Ct, settings: [$"--Flagstone:Workflows:Codec:Endpoint=http://127.0.0.1:{codecPort}"]);
        var codec = new SecretCodec();
        await using var server = await CodecServer.StartAsync(codecPort, $"http://127.0.0.1:{host.Port}", codec, Ct);
        var client = await TemporalClient.ConnectAsync(new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}")
        {
            ApiKey = host.Token, Tls = new TlsOptions { Disabled = true }, DataConverter = DataConverter.Default with { PayloadCodec = codec },
        });
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Dark);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        using var stop = new CancellationTokenSource();
        using var worker = new TemporalWorker(client, new TemporalWorkerOptions(Queue).AddWorkflow<SecretWorkflow>());
        var working = worker.ExecuteAsync(stop.Token);
        try
        {
            var run = await client.StartWorkflowAsync((SecretWorkflow w) => w.RunAsync("the diagnosis of Ada"), new WorkflowOptions("secret", Queue));

            // The browser decodes; what the platform stores and serves stays encrypted.
            await browser.GoAsync($"/workflows/default/{run.ResultRunId}");
            await page.GetByText("the diagnosis of Ada").First.WaitForAsync();
            using (var http = host.Client())
            {
                Assert.DoesNotContain("diagnosis", await http.GetStringAsync(new Uri($"/api/v1/workflowruns/default/{run.ResultRunId}/history", UriKind.Relative), Ct), StringComparison.Ordinal);
            }

            Assert.Contains("decode default", server.Asked);
            var violations = (await browser.ViolationsAsync()).ToList();

            // What is written is encoded before it is sent; else the worker could not read it. The answer of a query is decoded too.
            await page.GetByLabel("Query name").FillAsync("Heard");
            await page.GetByRole(AriaRole.Button, new() { Name = "Query", Exact = true }).ClickAsync();
            await page.GetByText("nothing heard").WaitForAsync();

            // A server that refuses keeps what was written from being sent in the clear.
            server.Refuses = 403;
            await page.GetByRole(AriaRole.Button, new() { Name = "Signal" }).ClickAsync();
            await page.GetByLabel("Signal name").FillAsync("Hear");
            await page.GetByRole(AriaRole.Textbox, new() { Name = "Input", Exact = true }).FillAsync("\"the treatment\"");
            await page.GetByLabel("Reason").FillAsync("a doctor called");
            await page.GetByRole(AriaRole.Button, new() { Name = "Signal", Exact = true }).Last.ClickAsync();
            await page.GetByText("What was written could not be encoded: The codec server answered 403").WaitForAsync();
            server.Refuses = 0;
            await page.GetByRole(AriaRole.Button, new() { Name = "Signal", Exact = true }).Last.ClickAsync();
            await page.GetByText("Signal Hear was sent").WaitForAsync();
            Assert.Equal("the treatment", await run.GetResultAsync().InTimeAsync());
            await page.GetByText("Completed", new() { Exact = true }).First.WaitForAsync();
            await page.GetByText("the treatment").First.WaitForAsync();
            Assert.Contains("encode default", server.Asked);

            // A server that is not there: what is known of the value is shown, and why no more.
            await server.DisposeAsync();
            await browser.GoAsync($"/workflows/default/{run.ResultRunId}");
            await page.GetByText("The codec server did not answer; it must allow this console as an origin.").First.WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());
            Assert.Empty(violations);
        }
        finally
        {
            await stop.CancelAsync();
            await Patience.StoppedAsync(working);
        }
    }
}

/// <summary>Hears one signal, and returns it.</summary>
[Workflow]
public sealed class SecretWorkflow
{
    private string heard = "";

    [WorkflowRun]
    public async Task<string> RunAsync(string about)
    {
        await Workflow.WaitConditionAsync(() => heard.Length > 0);
        return heard;
    }

    [WorkflowSignal("Hear")]
    public Task HearAsync(string text)
    {
        heard = text;
        return Task.CompletedTask;
    }

    [WorkflowQuery("Heard")]
    public string Heard() => heard.Length > 0 ? heard : "nothing heard";
}
