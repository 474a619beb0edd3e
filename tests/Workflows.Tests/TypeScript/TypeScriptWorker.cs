using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.Workflows.Tests.TypeScript;

/// <summary>A worker and a client of Temporal's TypeScript SDK, in a process of node, against the host of the tests. It runs all scenarios once.</summary>
public sealed class TypeScriptWorker(HostFixture fixture) : IAsyncLifetime
{
    private Dictionary<string, JsonNode> results = [];
    private string? skipped;

    public async ValueTask InitializeAsync()
    {
        if (!NpmFolder.CanInstall)
        {
            skipped = "node and npm are needed for Temporal's TypeScript SDK";
            return;
        }

        var folder = Path.Combine(AppContext.BaseDirectory, "TypeScript");
        var (_, failure) = await NpmFolder.InstallAsync(folder, CancellationToken.None);
        if (failure is not null)
        {
            skipped = $"npm cannot install Temporal's TypeScript SDK: {failure}";
            return;
        }

        var run = await Programs.RunAsync(
            "node", [
                Path.Combine(folder, "scenarios.mjs"), $"127.0.0.1:{fixture.Host.TemporalPort}", fixture.Host.Token, $"http://127.0.0.1:{fixture.Host.Port}",
            ], "", new Dictionary<string, string>(), CancellationToken.None);
        Assert.True(run.ExitCode == 0, run.All);
        results = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith('{')).Select(line => JsonNode.Parse(line)!)
            .ToDictionary(r => r["name"]!.ToString());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>What a scenario returned, as JSON; its error fails the test.</summary>
    public string ResultOf(string scenario)
    {
        Assert.SkipUnless(skipped is null, skipped ?? "");
        var result = results[scenario];
        Assert.True(result["error"] is null, result["error"]?.ToString());
        return result["result"]!.ToJsonString();
    }
}
