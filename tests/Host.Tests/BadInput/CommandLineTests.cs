using Flagstone.Testing;

namespace Flagstone.Host.Tests.BadInput;

/// <summary>What the program does with words and flags, in an empty folder in which it makes nothing.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-cli-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("export", "--help")]
    public async Task Help_shows_every_flag_and_starts_nothing(params string[] arguments)
    {
        var result = await RunAsync(arguments);

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.StartsWith("Flagstone, ", result.Output, StringComparison.Ordinal);
        Assert.All(
            ["--data", "--database", "--address", "--port", "--k8s-port", "--apps-port", "--temporal-port", "--silo-address", "--silo-port", "export FILE", "import FILE"],
            word => Assert.Contains($"{word} ", result.Output, StringComparison.Ordinal));
        Assert.Empty(folder.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task Help_of_render_shows_its_flags()
    {
        var result = await RunAsync("render", "--help");

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.All(
            [
                "--xrd", "--observed-resources", "--required-resources", "--extra-resources", "--function-credentials", "--context-files", "--context-values",
                "--include-function-results", "--include-full-xr", "--include-context", "--timeout",
            ],
            flag => Assert.Contains(flag, result.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Render_prints_the_composite_and_what_it_is_made_of_and_starts_nothing()
    {
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "xr.yaml"), """
            apiVersion: example.org/v1
            kind: Shop
            metadata: { name: corner, namespace: town }
            spec: { size: 3 }
            """, Ct);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "composition.yaml"), """
            apiVersion: apiextensions.crossplane.io/v1
            kind: Composition
            metadata: { name: shops }
            spec:
              compositeTypeRef: { apiVersion: example.org/v1, kind: Shop }
              pipeline:
                - step: make
                  functionRef: { name: function-patch-and-transform }
                  input:
                    resources:
                      - name: till
                        base: { apiVersion: example.org/v1, kind: Till }
                        patches: [{ fromFieldPath: spec.size }]
            """, Ct);

        var result = await RunAsync("render", "xr.yaml", "composition.yaml", "-rc");

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.StartsWith("---\napiVersion: example.org/v1\nkind: Shop\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("\nspec:\n  size: 3\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("\nkind: Context\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(2, folder.EnumerateFileSystemInfos().Count());
    }

    [Fact]
    public async Task What_cannot_be_rendered_is_said_in_one_line()
    {
        var result = await RunAsync("render", "gone.yaml", "composition.yaml");

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("flagstone: There is no file 'gone.yaml'", Assert.Single(Lines(result)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_one_line()
    {
        var result = await RunAsync("--version");

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.Matches("^flagstone [0-9]+\\.[^\n]+\n$", result.Output);
        Assert.Empty(folder.EnumerateFileSystemInfos());
    }

    [Theory]
    [InlineData("There is no command 'exprt'.", "exprt")]
    [InlineData("There is no command 'exprt'.", "exprt", "a.zip", "--data", "d")]
    [InlineData("There is no flag '--nonsense'.", "--nonsense", "1")]
    [InlineData("There is no flag '--prot=1'.", "--prot=1")]
    [InlineData("There is no flag '-p'.", "-p", "1")]
    [InlineData("There is no flag '--Nonsense:Data=d'.", "--Nonsense:Data=d")]
    [InlineData("The flag '--data' needs a value.", "--data")]
    [InlineData("The flag '--data' needs a value.", "--data", "--port", "1")]
    [InlineData("'export' needs a file", "export")]
    [InlineData("'import' needs a file", "import", "--data", "d")]
    [InlineData("'export' takes one file, and 'b.zip' is one more.", "export", "a.zip", "b.zip")]
    [InlineData("'render' needs a composite and a composition", "render")]
    [InlineData("'render' needs a composite and a composition", "render", "xr.yaml", "-r")]
    [InlineData("'render' takes three files, and 'd' is one more.", "render", "a", "b", "c", "d")]
    [InlineData("'render' has no flag '--data'.", "render", "a", "b", "--data", "d")]
    [InlineData("'render' has no flag '-rq'.", "render", "a", "b", "-rq")]
    [InlineData("'render' has no flag '--include-context=yes'.", "render", "a", "b", "--include-context=yes")]
    [InlineData("The flag '--xrd' needs a value.", "render", "a", "b", "--xrd")]
    [InlineData("The flag '-o' needs a value.", "render", "a", "b", "-o", "-r")]
    [InlineData("The flag '--timeout' does not take 'soon'.", "render", "a", "b", "--timeout", "soon")]
    [InlineData("The flag '--context-values' does not take 'novalue'.", "render", "a", "b", "--context-values=novalue")]
    [InlineData("'render' has flags of its own and comes first", "--data", "d", "render", "a", "b")]
    public async Task What_is_not_understood_is_said_in_one_line_and_starts_nothing(string wanted, params string[] arguments)
    {
        var result = await RunAsync(arguments);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"flagstone: {wanted}", Assert.Single(Lines(result)), StringComparison.Ordinal);
        Assert.Empty(folder.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task A_value_of_the_wrong_type_is_said_in_one_line()
    {
        var result = await RunAsync("--Flagstone:Port=many");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("'many' at 'Flagstone:Port'", Assert.Single(Lines(result)), StringComparison.Ordinal);
        Assert.Empty(folder.EnumerateFileSystemInfos());
    }

    [Theory]
    [InlineData("There is no file 'no.zip'.", "import", "no.zip")]
    [InlineData("'taken.txt' is not an export of Flagstone", "import", "taken.txt")]
    [InlineData("'taken.txt' is there already", "export", "taken.txt")]
    public async Task A_file_that_does_not_serve_is_refused_in_one_line_with_the_way_out(string wanted, params string[] arguments)
    {
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "taken.txt"), "keep me", Ct);

        var result = await RunAsync(arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith($"flagstone: {wanted}", Assert.Single(Lines(result)), StringComparison.Ordinal);
        Assert.Equal("taken.txt", Assert.Single(folder.EnumerateFileSystemInfos()).Name);
        Assert.Equal("keep me", await File.ReadAllTextAsync(Path.Combine(folder.FullName, "taken.txt"), Ct));
    }

    [Fact]
    public async Task An_export_of_an_installation_that_is_not_there_is_refused_and_makes_none()
    {
        var result = await RunAsync("export", "move.zip", "--data", "gone");

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("flagstone: There is no data folder 'gone'", Assert.Single(Lines(result)), StringComparison.Ordinal);
        Assert.Empty(folder.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task A_file_in_a_folder_that_is_not_there_is_refused_in_one_line()
    {
        folder.CreateSubdirectory("data");

        var result = await RunAsync("export", "none/export.zip");

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("flagstone: The export cannot be written to 'none/export.zip'", Assert.Single(Lines(result)), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static string[] Lines(ProgramResult result) => result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private Task<ProgramResult> RunAsync(params string[] arguments) => Programs.RunAsync(
        "env", ["-C", folder.FullName, Path.Combine(AppContext.BaseDirectory, "flagstone"), .. arguments], "", new Dictionary<string, string>(), Ct);
}
