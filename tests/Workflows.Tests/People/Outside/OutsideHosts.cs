using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Flagstone.Platform.Data;
using Flagstone.Testing;

namespace Flagstone.Workflows.Tests.People.Outside;

/// <summary>An installation whose Temporal server is another one's, which leaves people to it.</summary>
public sealed class OutsideHosts : IAsyncLifetime
{
    private readonly HttpListener chat = new();
    private readonly Channel<string> told = Channel.CreateUnbounded<string>();
    private RunningHost? server;
    private RunningHost? here;

    /// <summary>Where workflows and workers are.</summary>
    public RunningHost Server => server!;

    /// <summary>Where people decide.</summary>
    public RunningHost Here => here!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await StartAsync("sqlite", CancellationToken.None);

    /// <param name="database">Of the installation where people decide.</param>
    public static async Task<OutsideHosts> StartedAsync(string database = "sqlite")
    {
        var hosts = new OutsideHosts();
        await hosts.StartAsync(database, Ct);
        return hosts;
    }

    public async ValueTask DisposeAsync()
    {
        if (here is not null)
        {
            await here.DisposeAsync();
        }

        if (server is not null)
        {
            await server.DisposeAsync();
        }

        chat.Close();
    }

    /// <summary>Waits until people have been told, by the key of the notice.</summary>
    internal async Task ToldAsync(string key)
    {
        while (await told.Reader.ReadAsync(Ct) != key)
        {
        }
    }

    /// <summary>The task, once it is there and as wanted.</summary>
    internal static async Task<JsonObject> UntilAsync(Inbox inbox, string id, Func<JsonObject, bool>? wanted = null)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            try
            {
                var (status, body) = await inbox.GetAsync(id);
                if (status == HttpStatusCode.OK && wanted?.Invoke(body) != false)
                {
                    return body;
                }
            }
            catch (HttpRequestException)
            {
                // It was killed.
            }

            await pace.WaitForNextTickAsync(Ct);
        }
    }

    internal static Task<JsonObject> UntilAsync(Inbox inbox, string id, string state) => UntilAsync(inbox, id, t => t["state"]!.ToString() == state);

    private async Task StartAsync(string database, CancellationToken ct)
    {
        var hook = $"http://127.0.0.1:{LoopbackPorts.Free()}/";
        chat.Prefixes.Add(hook);
        chat.Start();
        _ = TakePostsAsync();
        server = await RunningHost.StartAsync(ct, settings: ["--Flagstone:Workflows:People=false"]);
        var key = Path.Combine(server.Data, "platform.key");
        await File.WriteAllTextAsync(key, server.Token, ct);
        here = await RunningHost.StartAsync(ct, database, settings: [
            $"--Flagstone:Workflows:Server:Address=127.0.0.1:{server.TemporalPort}", $"--Flagstone:Workflows:Server:ApiKeyFile={key}",
            "--Flagstone:Workflows:Server:Tls=false", "--Flagstone:Workflows:ProcessNamespace=flagstone-a",
            $"--Flagstone:Workflows:Notices:Webhook={hook}",
        ]);
    }

    private async Task TakePostsAsync()
    {
        while (chat.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await chat.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            var key = context.Request.Headers["Idempotency-Key"] ?? "";
            context.Response.Close();
            await told.Writer.WriteAsync(key, CancellationToken.None);
        }
    }
}
