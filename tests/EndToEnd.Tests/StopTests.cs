using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Flagstone.Platform.Data;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>A stop that an operator asks for, and a start that cannot be: neither leaves a riddle in the log.</summary>
public sealed class StopTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stop_in_the_middle_of_work_logs_no_warning_and_the_next_start_finishes_it()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        using (var client = host.KubernetesClient())
        {
            for (var i = 0; i < 8; i++)
            {
                // Half of them on the private server, which stops too.
                using var body = new StringContent(
                    $$$$"""
                    {"apiVersion":"platform.example.com/v1alpha1","kind":"PostgreSQLInstance","metadata":{"name":"c{{{{i}}}}"},
                     "spec":{"parameters":{"storageGB":20},"compositionRef":{"name":"{{{{(i % 2 == 0 ? "postgresql-aws-standard" : "postgresql-local")}}}}"}}}
                    """, Encoding.UTF8, "application/json");
                using var answer = await client.PostAsync(new Uri("/apis/platform.example.com/v1alpha1/namespaces/default/postgresqlinstances", UriKind.Relative), body, Ct);
                Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Ct));
            }
        }

        using var watcher = host.KubernetesClient();
        await using var watch = await watcher.GetStreamAsync(new Uri("/api/v1/namespaces?watch=1", UriKind.Relative), Ct);
        var since = Stopwatch.GetTimestamp();

        await host.StopAsync();

        Assert.Equal(0, host.ExitCode);
        Assert.Empty(host.Complaints());
        // A watch ends with the host: a stop that waited for it would take the whole of its half minute.
        Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(25), $"The stop took {Stopwatch.GetElapsedTime(since)}.");
        await host.StartAgainAsync(Ct);
        await TeamCluster.AllReadyAsync(host, host.Token);
        await host.StopAsync();
        Assert.Equal(0, host.ExitCode);
        Assert.Empty(host.Complaints());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_start_on_a_port_that_is_taken_or_named_twice_ends_with_one_line_that_names_it(bool twice)
    {
        var data = Directory.CreateTempSubdirectory("flagstone-host-").FullName;
        using var taken = new TcpListener(IPAddress.Loopback, LoopbackPorts.Free());
        taken.Start();
        var (free, port) = (LoopbackPorts.Free(), ((IPEndPoint)taken.LocalEndpoint).Port);
        port = twice ? free : port;

        var result = await Programs.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "flagstone"),
            ["--data", data, "--port", Text(free), "--k8s-port", Text(port), "--apps-port", Text(LoopbackPorts.Free()), "--temporal-port", Text(LoopbackPorts.Free())], "", new Dictionary<string, string>(), Ct);

        Assert.Equal(1, result.ExitCode);
        var line = Assert.Single(result.All.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"flagstone: The port 127.0.0.1:{port} is taken.", line, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("silo.example.com")]
    public async Task A_silo_address_that_others_cannot_call_ends_the_start_with_one_line(string address)
    {
        var data = Directory.CreateTempSubdirectory("flagstone-host-").FullName;

        var result = await Programs.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "flagstone"), ["--data", data, "--silo-address", address], "", new Dictionary<string, string>(), Ct);

        Assert.Equal(1, result.ExitCode);
        var line = Assert.Single(result.All.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"flagstone: The silo address '{address}' is not one that other silos can call.", line, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
