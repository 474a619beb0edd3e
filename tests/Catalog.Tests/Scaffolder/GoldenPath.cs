using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Catalog.Scaffolder.Actions;
using Flagstone.Catalog.Scaffolder.Skeletons;

namespace Flagstone.Catalog.Tests.Scaffolder;

/// <summary>A golden path as it ships: its definition, and the files that its form's values render to.</summary>
internal sealed class GoldenPath(string name)
{
    private readonly string root = Path.Combine(AppContext.BaseDirectory, "GoldenPaths", name);

    public TemplateDefinition Definition()
    {
        var outcome = TemplateDefinitionReader.Read(YamlText.ReadAll(File.ReadAllText(Path.Combine(root, "template.yaml"))).Single());
        return outcome is TemplateAccepted { Warnings.Count: 0 } accepted
            ? accepted.Definition
            : throw new InvalidOperationException(outcome.ToString());
    }

    public async Task<FileSet> RenderAsync(JsonObject values)
    {
        var ct = TestContext.Current.CancellationToken;
        var definition = Definition();
        var state = new RunState(new RunIdentity(Guid.Empty, DateTimeOffset.UnixEpoch, "test"), values, [])
            .With("publishApp", new JsonObject { ["commitHash"] = "0123abc" });
        var workspace = new Workspace(FileLimits.Default);
        var skeletons = new FolderSkeletons(root, FileLimits.Default);
        foreach (var step in definition.Steps.Where(step => step.Action == "fetch:template"))
        {
            var plan = Assert.IsType<StepInput>(StepRules.Plan(step, state, ct));
            var outcome = await new FetchTemplateAction().RunAsync(new ActionContext(state.Run, plan.Input, workspace, skeletons), ct);
            Assert.True(outcome is ActionDone, outcome.ToString());
        }

        return workspace.Files;
    }

    /// <summary>Each file of YAML can be read, and no expression is left in it but the description's own.</summary>
    public static void AssertYamlIsSound(FileSet files)
    {
        foreach (var (path, content) in files.Where(file => file.Key.Value.EndsWith(".yaml", StringComparison.Ordinal)))
        {
            var text = Encoding.UTF8.GetString(content.Bytes.Span);
            Assert.NotEmpty(YamlText.ReadAll(text));
            Assert.DoesNotContain("${{", text.Replace("${{ 1 }}", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.False(path.Value.EndsWith(".yml", StringComparison.Ordinal));
        }
    }

    /// <summary>Writes the files whose paths have the beginning, without it, into a folder.</summary>
    public static async Task WriteAsync(FileSet files, string beginning, string folder, CancellationToken ct)
    {
        foreach (var (path, content) in files.Where(file => file.Key.Value.StartsWith(beginning, StringComparison.Ordinal)))
        {
            var file = Path.Combine(folder, path.Value[beginning.Length..]);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, content.Bytes, ct);
        }
    }

    public static string Text(FileSet files, string path) => Encoding.UTF8.GetString(files.Single(file => file.Key.Value == path).Value.Bytes.Span);

    public static JsonObject Yaml(FileSet files, string path, int document) => YamlText.ReadAll(Text(files, path))[document];
}
