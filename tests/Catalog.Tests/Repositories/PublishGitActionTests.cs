using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Catalog.Scaffolder.Actions;
using Flagstone.Catalog.Scaffolder.Skeletons;

namespace Flagstone.Catalog.Tests.Repositories;

public sealed class PublishGitActionTests : IDisposable
{
    private static readonly RunIdentity Run = new(Guid.Parse("0198f000-0000-7000-8000-000000000001"), DateTimeOffset.UnixEpoch.AddDays(20_000), "zoe");
    private readonly TemporaryFolder folder = new();
    private readonly HostedRepositories repositories;
    private readonly RepositoryUrls urls = new(new Uri("http://localhost:8080/"));

    public PublishGitActionTests() => repositories = new HostedRepositories(new RepositoryFolder(folder.At("git")));

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_golden_path_is_published_and_published_again_without_a_trace()
    {
        var first = await ExecuteAsync();
        var heads = Heads();
        var second = await ExecuteAsync();

        Assert.Equal(first.ToJsonString(), second.ToJsonString());
        Assert.Equal(heads, Heads());
        Assert.Equal(["claims", "claims-gitops"], repositories.Folder.List().Select(name => name.Value));
        Assert.Equal("http://localhost:8080/git/claims.git", first["links"]![1]!["url"]!.GetValue<string>());

        // The commit that the Deployment names is the one that was published.
        var gitops = Files("claims-gitops");
        var deployment = YamlText.ReadAll(gitops["manifests/deployment.yaml"]).Single();
        Assert.Equal($"claims@{Head("claims")}", deployment["metadata"]!["annotations"]!["flagstone.dev/source"]!.GetValue<string>());
        Assert.Contains("package-lock.json", Files("claims").Keys);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused_and_what_is_there_stays()
    {
        Assert.True(RepositoryName.TryParse("claims", out var name));
        Assert.True(FileSet.TryCreate([], FileLimits.Default, out var none, out _));
        repositories.Publish(name, new CommitRequest(BranchName.Main, new WholeTree(none), "other", new CommitAuthor("a", "b"), Run.CreatedAt));
        var before = Heads();

        var failed = Assert.IsType<RunFailed>(await RunAsync());

        Assert.Equal("publishApp", failed.Step);
        Assert.Contains("repository 'claims' is there already", failed.Message, StringComparison.Ordinal);
        Assert.Equal(before, Heads());
    }

    [Theory]
    [InlineData("""{"repository": "../etc"}""", "'repository' is '../etc'")]
    [InlineData("""{}""", "'repository' is required")]
    [InlineData("""{"repository": "a", "sourcePath": "../x"}""", "climbs out")]
    [InlineData("""{"repository": "a", "sourcePath": "./empty"}""", "no files")]
    [InlineData("""{"repository": "a", "defaultBranch": "-x"}""", "'defaultBranch' is '-x'")]
    public async Task An_input_that_makes_no_sense_is_refused_by_name(string input, string reason)
    {
        var context = new ActionContext(Run, JsonNode.Parse(input)!.AsObject(), new Workspace(FileLimits.Default), Skeletons());
        var refused = Assert.IsType<ActionRefused>(await new PublishGitAction(repositories, urls).RunAsync(context, TestContext.Current.CancellationToken));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Empty(repositories.Folder.List());
    }

    [Fact]
    public void The_address_of_contents_reads_back()
    {
        Assert.True(RepositoryName.TryParse("claims", out var name));
        Assert.True(urls.TryParseContents(urls.Contents(name, BranchName.Main), out var again, out var branch));
        Assert.Equal((name, BranchName.Main), (again, branch));
        Assert.False(urls.TryParseContents("http://elsewhere/repositories/claims/blob/main", out _, out _));
        Assert.False(urls.TryParseContents("http://localhost:8080/repositories/../blob/main", out _, out _));
    }

    [Fact]
    public async Task A_template_of_a_hosted_repository_is_rendered_from_its_commit()
    {
        Assert.True(RepositoryName.TryParse("templates", out var name));
        Assert.True(RelativePath.TryParse("node/skeleton/${{ values.name }}.txt", out var path));
        Assert.True(FileSet.TryCreate([KeyValuePair.Create(path, FileContent.Text("hi ${{ values.name }}"))], FileLimits.Default, out var files, out _));
        var commit = Assert.IsType<Published>(
            repositories.Publish(name, new CommitRequest(BranchName.Main, new WholeTree(files), "m", new CommitAuthor("a", "b"), Run.CreatedAt))).Commit;
        Assert.True(FolderPath.TryParse("node", out var root, out _));

        var workspace = new Workspace(FileLimits.Default);
        var input = JsonNode.Parse("""{"url": "./skeleton", "values": {"name": "web"}}""")!.AsObject();
        var source = new RepositorySkeletons(repositories, name, commit, root, FileLimits.Default);
        var outcome = await new FetchTemplateAction().RunAsync(new ActionContext(Run, input, workspace, source), TestContext.Current.CancellationToken);

        Assert.IsType<ActionDone>(outcome);
        Assert.Equal("web.txt", Assert.Single(workspace.Files).Key.Value);
    }

    private async Task<JsonObject> ExecuteAsync()
    {
        var outcome = await RunAsync();
        return outcome is RunSucceeded succeeded ? succeeded.Output : throw new InvalidOperationException(outcome.ToString());
    }

    private async Task<RunOutcome> RunAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        var yaml = await File.ReadAllTextAsync(Path.Combine(GoldenPath, "template.yaml"), ct);
        var template = Assert.IsType<TemplateAccepted>(
            TemplateDefinitionReader.Read(YamlText.ReadAll(yaml).Single())).Definition;
        var values = new JsonObject
        {
            ["name"] = "claims",
            ["owner"] = "group:default/payments",
            ["description"] = "",
            ["storageGB"] = 20,
            ["environment"] = "dev",
        };
        var executor = new RunExecutor([new FetchTemplateAction(), new PublishGitAction(repositories, urls), new FakeRegister()]);
        return await executor.ExecuteAsync(template, Skeletons(), new RunState(Run, values, []), _ => ValueTask.CompletedTask, ct);
    }

    private static string GoldenPath => Path.Combine(AppContext.BaseDirectory, "GoldenPaths", "nodejs-postgresql");

    private static FolderSkeletons Skeletons() => new(GoldenPath, FileLimits.Default);

    private List<string> Heads() => [.. repositories.Folder.List().Select(name => $"{name} {repositories.Resolve(name, BranchName.Main)}")];

    private CommitId Head(string name) => RepositoryName.TryParse(name, out var parsed) ? repositories.Resolve(parsed, BranchName.Main)!.Value : default;

    private Dictionary<string, string> Files(string name)
    {
        Assert.True(RepositoryName.TryParse(name, out var parsed));
        return Assert.IsType<FilesRead>(repositories.ReadTree(parsed, Head(name), FolderPath.Root, FileLimits.Default)).Files
            .ToDictionary(file => file.Key.Value, file => System.Text.Encoding.UTF8.GetString(file.Value.Bytes.Span));
    }

    /// <summary>Stands in for the catalog, which is not a part of this.</summary>
    private sealed class FakeRegister : IScaffolderAction
    {
        public string Name => "catalog:register";

        public Task<ActionOutcome> RunAsync(ActionContext context, CancellationToken ct) =>
            Task.FromResult<ActionOutcome>(new ActionDone(new JsonObject { ["entityRef"] = "component:default/claims" }));
    }
}
