using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Flagstone.Platform.Data;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>What <c>script/server</c> and <c>script/demo</c> believe.</summary>
public sealed class ScriptTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-script-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("script/server", "--detach")]
    [InlineData("script/demo")]
    public async Task Another_servers_answer_on_a_taken_port_is_not_believed(params string[] command)
    {
        Published.Require();
        var port = LoopbackPorts.Free();
        await using var other = new ReadyServer(port);
        var data = Path.Combine(folder.FullName, "data");

        var result = await RunAsync(
            [.. command, "--data", data, "--port", Text(port), "--k8s-port", Text(LoopbackPorts.Free()), "--apps-port", Text(LoopbackPorts.Free()), "--temporal-port", Text(LoopbackPorts.Free())]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"The port 127.0.0.1:{port} is taken.", result.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(data, "server.pid")));
    }

    [Fact]
    public async Task A_detached_server_is_ready_when_the_script_returns_and_its_folder_is_closed()
    {
        Published.Require();
        var (data, port) = (Path.Combine(folder.FullName, "data"), LoopbackPorts.Free());

        var result = await RunAsync(
            ["script/server", "--detach", "--data", data, "--port", Text(port), "--k8s-port", Text(LoopbackPorts.Free()), "--apps-port", Text(LoopbackPorts.Free()), "--temporal-port", Text(LoopbackPorts.Free())]);
        try
        {
            Assert.True(result.ExitCode == 0, result.All);
            using var client = new HttpClient();
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/readyz"), Ct);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.True(File.Exists(Path.Combine(data, "admin.token")));
            Assert.DoesNotContain(OpenFolders.Below(data), o => (o.Value & ~OpenFolders.Passage) != 0);
        }
        finally
        {
            result = await RunAsync(["script/server", "--down", "--data", data]);
        }

        Assert.True(result.ExitCode == 0, result.All);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static Task<ProgramResult> RunAsync(IEnumerable<string> command) =>
        Programs.RunAsync("env", ["-C", Published.Root(), .. command], "", new Dictionary<string, string>(), Ct);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Says 200 to everything.</summary>
    private sealed class ReadyServer : IAsyncDisposable
    {
        private readonly HttpListener listener = new();
        private readonly Task answering;

        public ReadyServer(int port)
        {
            listener.Prefixes.Add($"http://127.0.0.1:{Text(port)}/");
            listener.Start();
            answering = AnswerAsync();
        }

        public async ValueTask DisposeAsync()
        {
            listener.Close();
            // A context that was asked for just then is never given.
            await answering.WaitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private async Task AnswerAsync()
        {
            try
            {
                while (true)
                {
                    (await listener.GetContextAsync()).Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // The test has ended.
            }
        }
    }
}
