using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Data;
using Flagstone.Testing;

namespace Flagstone.Host.Tests.BadInput;

/// <summary>A machine that is not as it should be.</summary>
public sealed class StartTests
{
    private const int Body = 200_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_port_that_another_program_holds_is_named_with_the_way_out()
    {
        using var taken = new TcpListener(IPAddress.Loopback, LoopbackPorts.Free());
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var data = Directory.CreateTempSubdirectory("flagstone-taken-").FullName;

        var result = await Programs.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "flagstone"),
            ["--data", data, "--port", Text(port), "--k8s-port", Text(LoopbackPorts.Free()), "--apps-port", Text(LoopbackPorts.Free()), "--temporal-port", Text(LoopbackPorts.Free())],
            "", new Dictionary<string, string>(), Ct);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"The port 127.0.0.1:{port} is taken. Another", result.All, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_loses_none_and_takes_them_again_when_there_is_room()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-full-").FullName;
        var mounted = await Programs.RunAsync("mount", ["-t", "tmpfs", "-o", "size=16m,mode=755", "tmpfs", folder], "", new Dictionary<string, string>(), Ct);
        Assert.SkipUnless(mounted.ExitCode == 0, $"A small file system cannot be mounted here ({mounted.All.Trim()}); the full disk was not tried.");
        try
        {
            await using var host = await RunningHost.StartAsync(Ct, data: Directory.CreateDirectory(Path.Combine(folder, "data")).FullName, logs: Path.GetTempPath());
            using var client = host.KubernetesClient();
            var stored = new List<string>();
            JsonNode? refusal = null;
            for (var i = 0; refusal is null; i++)
            {
                Assert.True(i < 200, "The disk never got full.");
                using var answer = await CreateAsync(client, $"m{i}");
                if (answer.StatusCode == HttpStatusCode.Created)
                {
                    stored.Add($"m{i}");
                }
                else
                {
                    refusal = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct));
                }
            }

            Assert.Equal(507, refusal["code"]!.GetValue<int>());
            Assert.Contains("disk of the data folder is full", refusal["message"]!.ToString(), StringComparison.Ordinal);
            foreach (var name in stored)
            {
                using var found = await client.GetAsync(new Uri($"/api/v1/namespaces/default/configmaps/{name}", UriKind.Relative), Ct);
                Assert.Equal(HttpStatusCode.OK, found.StatusCode);
            }

            await Programs.RunAsync("mount", ["-o", "remount,size=64m", folder], "", new Dictionary<string, string>(), Ct);
            using var again = await CreateAsync(client, "after");
            Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        }
        finally
        {
            await Programs.RunAsync("umount", ["--lazy", folder], "", new Dictionary<string, string>(), CancellationToken.None);
        }
    }

    private static async Task<HttpResponseMessage> CreateAsync(HttpClient client, string name)
    {
        using var body = new StringContent(
            $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{name}}"},"data":{"a":"{{new string('x', Body)}}"} }""", Encoding.UTF8, "application/json");
        return await client.PostAsync(new Uri("/api/v1/namespaces/default/configmaps", UriKind.Relative), body, Ct);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
