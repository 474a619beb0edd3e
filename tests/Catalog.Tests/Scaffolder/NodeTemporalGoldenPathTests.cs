using System.Text.Json.Nodes;
using Flagstone.Testing;
using static Flagstone.Catalog.Tests.Scaffolder.GoldenPath;

namespace Flagstone.Catalog.Tests.Scaffolder;

/// <summary>The Temporal worker in Node.js: its names in its code, and the tests that it brings.</summary>
public sealed class NodeTemporalGoldenPathTests() : TemporalGoldenPathTests("nodejs-temporal")
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_code_has_the_names_of_the_form()
    {
        var files = await Shipped.RenderAsync(Values());
        Assert.Equal("claims-worker", JsonNode.Parse(Text(files, "app/package-lock.json"))!["packages"]![""]!["name"]!.GetValue<string>());
        Assert.Contains("{ name: 'No', type: 'KEYWORD' }", Text(files, "app/src/greetings.js"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tests_that_it_brings_pass()
    {
        Assert.SkipUnless(NpmFolder.CanInstall, "node and npm are needed for the service's own tests");
        var folder = Path.Combine(AppContext.BaseDirectory, "rendered", "nodejs-temporal");
        await WriteAsync(await Shipped.RenderAsync(Values()), "app/", folder, Ct);

        var (_, failure) = await NpmFolder.InstallAsync(folder, Ct);
        Assert.SkipUnless(failure is null, $"npm cannot install the service's packages: {failure}");
        var run = await Programs.RunAsync("npm", ["--prefix", folder, "test"], "", new Dictionary<string, string>(), Ct);
        Assert.True(run.ExitCode == 0, run.All);
        Assert.Contains("# fail 0", run.All, StringComparison.Ordinal);
    }
}
