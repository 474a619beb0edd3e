using Flagstone.Catalog.Files;
using Flagstone.Testing;
using static Flagstone.Catalog.Tests.Scaffolder.GoldenPath;

namespace Flagstone.Catalog.Tests.Scaffolder;

/// <summary>The Temporal worker in .NET: its names in its code, and the tests that it brings.</summary>
public sealed class DotnetTemporalGoldenPathTests() : TemporalGoldenPathTests("dotnet-temporal")
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_code_has_the_names_of_the_form()
    {
        var files = await Shipped.RenderAsync(Values());
        Assert.Contains("SearchAttributeKey.CreateKeyword(\"No\")", Text(files, "app/src/Greetings.cs"), StringComparison.Ordinal);
        Assert.Contains("\"claims-worker\", out var settings", Text(files, "app/src/Program.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_desired_state_is_that_of_the_worker_in_Node()
    {
        var (own, other) = (await Shipped.RenderAsync(Values()), await new GoldenPath("nodejs-temporal").RenderAsync(Values()));
        static IEnumerable<string> State(FileSet files) =>
            files.Select(file => file.Key.Value).Where(path => path.StartsWith("gitops/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(path => $"{path}\n{Text(files, path)}");
        Assert.Equal(State(other), State(own));
    }

    [Fact]
    public async Task The_tests_that_it_brings_pass()
    {
        // Outside of this repository, whose settings of MSBuild are not the service's.
        var folder = Directory.CreateTempSubdirectory("flagstone-rendered-").FullName;
        try
        {
            await WriteAsync(await Shipped.RenderAsync(Values()), "app/", folder, Ct);
            var run = await Programs.RunAsync(
                "sh", ["-c", "cd \"$1\" && dotnet restore --locked-mode && dotnet test --no-restore", "sh", folder], "",
                new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" }, Ct);
            Assert.True(run.ExitCode == 0, run.All);
            Assert.Contains("failed: 0", run.All, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
