using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>What <c>script/demo --adjudication</c> does once the platform runs.</summary>
public sealed class AdjudicationDemoTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_demo_ends_with_the_page_of_a_claim_that_waits_for_triage_and_its_worker_goes_with_it()
    {
        await using var host = await RunningHost.StartAsync(Ct);

        var shown = await RunAsync(host.Data, Text(host.Port), Text(host.KubernetesPort), Text(host.TemporalPort));

        try
        {
            Assert.True(shown.ExitCode == 0, shown.All);
            var page = new Uri(shown.Output.Trim().Split('\n')[^1]);
            Assert.StartsWith("/workflows/claims/", page.AbsolutePath, StringComparison.Ordinal);
            using var http = host.Client();
            var tasks = await http.GetFromJsonAsync<JsonObject>("/api/v1/humantasks?mine=true&state=open", Ct);
            var task = Assert.Single(tasks!["items"]!.AsArray())!;
            Assert.StartsWith($"{page.Segments[^1]}.", task["id"]!.ToString(), StringComparison.Ordinal);
            using var bob = host.Client((await File.ReadAllTextAsync(Path.Combine(host.Data, "bob.token"), Ct)).Trim());
            using var decided = await bob.PostAsJsonAsync(
                $"/api/v1/humantasks/{task["id"]}/decision", new JsonObject { ["decision"] = "approve", ["reason"] = "looks right" }, Ct);
            Assert.True(decided.IsSuccessStatusCode, await decided.Content.ReadAsStringAsync(Ct));
        }
        finally
        {
            shown = await RunAsync("--down", host.Data);
        }

        Assert.True(shown.ExitCode == 0, shown.All);
        Assert.False(File.Exists(Path.Combine(host.Data, "adjudication.pid")));
    }

    private static Task<ProgramResult> RunAsync(params string[] arguments) => Programs.RunAsync(
        "env", ["-C", Published.Root(), "samples/adjudication/demo.sh", .. arguments], "", new Dictionary<string, string>(), Ct);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
