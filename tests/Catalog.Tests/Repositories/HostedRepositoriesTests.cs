using System.Text;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Repositories;

namespace Flagstone.Catalog.Tests.Repositories;

public sealed class HostedRepositoriesTests : IDisposable
{
    private static readonly DateTimeOffset When = new(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));
    private readonly TemporaryFolder folder = new();
    private readonly HostedRepositories repositories;
    private readonly RepositoryName name = Name("claims-service");

    public HostedRepositoriesTests()
    {
        repositories = new HostedRepositories(new RepositoryFolder(folder.At("git")));
        repositories.Folder.CreateIfAbsent(name);
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("claims-service", true)]
    [InlineData("a", true)]
    [InlineData("", false)]
    [InlineData("-a", false)]
    [InlineData("a-", false)]
    [InlineData("A", false)]
    [InlineData("a.git", false)]
    [InlineData("../a", false)]
    [InlineData("a\n", false)]
    [InlineData("a/b", false)]
    public void A_name_is_a_label(string text, bool valid) => Assert.Equal(valid, RepositoryName.TryParse(text, out _));

    [Theory]
    [InlineData("main", true)]
    [InlineData("feature/x-1.2", true)]
    [InlineData("-x", false)]
    [InlineData("a..b", false)]
    [InlineData("a.lock", false)]
    [InlineData("a/.b", false)]
    [InlineData("a b", false)]
    [InlineData("main\n", false)]
    public void A_branch_is_a_safe_reference(string text, bool valid) => Assert.Equal(valid, BranchName.TryParse(text, out _));

    [Fact]
    public void A_repository_is_put_aside_once_and_a_later_one_of_its_name_stays()
    {
        using var root = new TemporaryFolder();
        var repositories = new RepositoryFolder(root.Path);
        Assert.True(RepositoryName.TryParse("web", out var name));
        repositories.CreateIfAbsent(name);

        repositories.Archive(name, "one");
        repositories.Archive(name, "one");
        Assert.False(repositories.Exists(name));
        Assert.True(Directory.Exists(System.IO.Path.Combine(root.Path, ".archived", "web-one.git")));

        repositories.CreateIfAbsent(name);
        repositories.Archive(name, "one");
        Assert.True(repositories.Exists(name));
        Assert.Equal([name], repositories.List());
    }

    [Fact]
    public async Task A_new_repository_is_hardened_and_begins_at_main()
    {
        var git = new GitClient(repositories.Folder.PathOf(name));
        Assert.Equal("refs/heads/main\n", await git.RunAsync("symbolic-ref", "HEAD"));
        foreach (var (key, value) in new[]
        {
            ("core.hooksPath", "/dev/null"), ("transfer.fsckObjects", "true"), ("http.receivepack", "true"), ("receive.denyNonFastForwards", "true"),
            ("receive.maxInputSize", "67108864"),
        })
        {
            Assert.Equal(value + "\n", await git.RunAsync("config", key));
        }
    }

    [Fact]
    public async Task Making_a_repository_again_or_at_the_same_time_leaves_one()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => repositories.Folder.CreateIfAbsent(Name("raced")))));
        Assert.Equal(["claims-service", "raced"], repositories.Folder.List().Select(repository => repository.Value));
        Assert.Empty(Directory.EnumerateDirectories(folder.At("git/.new")));
    }

    [Fact]
    public async Task The_same_commit_has_the_same_hash_everywhere_and_git_finds_it_sound()
    {
        var other = new HostedRepositories(new RepositoryFolder(folder.At("other")));
        other.Folder.CreateIfAbsent(name);

        var first = Assert.IsType<Committed>(repositories.Commit(name, Whole(("b/c.txt", "x"), ("a.sh", "y"))));
        var second = Assert.IsType<Committed>(other.Commit(name, Whole(("a.sh", "y"), ("b/c.txt", "x"))));

        Assert.Equal(first, second);
        var git = new GitClient(repositories.Folder.PathOf(name));
        await git.RunAsync("fsck", "--strict");
        Assert.Equal("Zoe <zoe@example.com> 1767315845 +0000\n", await git.RunAsync("log", "-1", "--format=%an <%ae> %ad", "--date=raw"));
    }

    [Fact]
    public async Task A_stop_of_git_in_the_middle_leaves_nothing_that_blocks_a_branch()
    {
        var path = repositories.Folder.PathOf(name);
        await new GitClient(path).RunAsync("config", "core.filesRefLockTimeout", "0");
        await File.WriteAllTextAsync(System.IO.Path.Combine(path, "refs/heads/main.lock"), "", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(System.IO.Path.Combine(path, "objects/tmp_objdir-incoming-Xy12"));
        Directory.CreateDirectory(folder.At("git/.new/0198"));

        Assert.Throws<IOException>(() => repositories.Commit(name, Whole(("a", "1"))));
        Assert.Equal(0, RepositoryLeftovers.Remove(repositories.Folder, DateTimeOffset.UnixEpoch));
        Assert.Equal(3, RepositoryLeftovers.Remove(repositories.Folder, TimeProvider.System.GetUtcNow().AddMinutes(1)));
        Assert.IsType<Committed>(repositories.Commit(name, Whole(("a", "1"))));
    }

    [Fact]
    public void A_commit_of_what_is_there_changes_nothing()
    {
        var first = Assert.IsType<Committed>(repositories.Commit(name, Whole(("a", "1"))));
        Assert.Equal(first.Commit, Assert.IsType<Unchanged>(repositories.Commit(name, Whole(("a", "1")))).Commit);
    }

    [Fact]
    public void Changes_go_on_top_of_what_is_there()
    {
        repositories.Commit(name, Whole(("a", "1"), ("b/c", "2"), ("b/d", "3")));
        var changed = Whole() with { Content = new Changes(Set(("b/c", "new"), ("e", "4")), [Path("b/d"), Path("missing")]) };
        var commit = Assert.IsType<Committed>(repositories.Commit(name, changed)).Commit;
        Assert.Equal(["a=1", "b/c=new", "e=4"], Read(commit));
    }

    [Fact]
    public void A_commit_for_another_head_is_refused_and_says_where_the_branch_stands()
    {
        var first = Assert.IsType<Committed>(repositories.Commit(name, Whole(("a", "1")))).Commit;
        var second = Assert.IsType<Committed>(repositories.Commit(name, Whole(("a", "2")) with { Expected = ExpectedHead.At(first) })).Commit;

        Assert.Equal(second, Assert.IsType<HeadMoved>(repositories.Commit(name, Whole(("a", "3")) with { Expected = ExpectedHead.At(first) })).Head);
        Assert.Equal(second, Assert.IsType<HeadMoved>(repositories.Commit(name, Whole(("a", "3")) with { Expected = ExpectedHead.Absent })).Head);
        Assert.Equal(second, repositories.Resolve(name, BranchName.Main));
    }

    [Fact]
    public async Task No_commit_is_lost_when_several_are_made_at_once()
    {
        repositories.Commit(name, Whole(("start", "")));
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() =>
            repositories.Commit(name, Whole() with { Content = new Changes(Set(($"file-{i}", "x")), []) }))));

        var head = repositories.Resolve(name, BranchName.Main)!.Value;
        Assert.Equal(7, Read(head).Count);
        Assert.Equal(7, repositories.Log(name, head, 100).Count);
    }

    [Fact]
    public void Publishing_again_finds_its_own_commit_also_under_later_ones()
    {
        var fresh = Name("fresh");
        var first = Assert.IsType<Published>(repositories.Publish(fresh, Whole(("a", "1"))));
        Assert.Equal(first, repositories.Publish(fresh, Whole(("a", "1"))));

        repositories.Commit(fresh, Whole(("a", "2")));
        Assert.Equal(first, repositories.Publish(fresh, Whole(("a", "1"))));
        Assert.IsType<NameTaken>(repositories.Publish(fresh, Whole(("a", "other"))));
    }

    [Fact]
    public void A_difference_lists_files_and_shows_their_lines()
    {
        var first = Assert.IsType<Committed>(repositories.Commit(name, Whole(("a", "one\n"), ("b", "x")))).Commit;
        var second = Assert.IsType<Committed>(repositories.Commit(name, Whole(("a", "two\n"), ("c", "x\0y")))).Commit;

        Assert.Equal(
            [new FileChange("a", FileChangeKind.Modified), new FileChange("b", FileChangeKind.Deleted), new FileChange("c", FileChangeKind.Added)],
            repositories.Diff(name, first, second, 10));
        Assert.Equal(2, repositories.Diff(name, null, first, 10).Count);
        Assert.Contains("-one\n+two\n", repositories.Patch(name, first, second, Path("a"), 1000), StringComparison.Ordinal);
        Assert.Null(repositories.Patch(name, first, second, Path("a"), 3));
        Assert.Null(repositories.Patch(name, first, second, Path("c"), 1000));
    }

    [Fact]
    public void A_folder_and_a_file_are_read_within_limits()
    {
        var commit = Assert.IsType<Committed>(repositories.Commit(name, Whole(("a", "12345"), ("deep/b", "1"), ("deep/er/c", "2")))).Commit;

        var below = Assert.IsType<FilesRead>(repositories.ReadTree(name, commit, Folder("deep"), FileLimits.Default));
        Assert.Equal(["b", "er/c"], below.Files.Select(file => file.Key.Value));
        Assert.IsType<FilesRefused>(repositories.ReadTree(name, commit, Folder("none"), FileLimits.Default));
        Assert.Equal("a", Refused(repositories.ReadTree(name, commit, FolderPath.Root, new FileLimits { FileBytes = 4 })));
        Assert.IsType<FilesRefused>(repositories.ReadTree(name, commit, FolderPath.Root, new FileLimits { Files = 2 }));
        Assert.NotNull(repositories.ReadFile(name, commit, Path("a"), 5));
        Assert.Null(repositories.ReadFile(name, commit, Path("a"), 4));
        Assert.Null(repositories.ReadFile(name, commit, Path("deep"), 100));
    }

    [Fact]
    public async Task What_is_exported_has_its_modes_and_no_links()
    {
        var work = folder.At("work");
        Directory.CreateDirectory(work);
        var git = new GitClient(work);
        await git.RunAsync("init", ".");
        await File.WriteAllTextAsync(System.IO.Path.Combine(work, "run.sh"), "#!/bin/sh\n", TestContext.Current.CancellationToken);
        await git.RunAsync("add", "--chmod=+x", "run.sh");
        await git.RunAsync("commit", "-m", "plain");
        await git.RunAsync("push", repositories.Folder.PathOf(name), "HEAD:refs/heads/main");
        var plain = repositories.Resolve(name, BranchName.Main)!.Value;
        File.CreateSymbolicLink(System.IO.Path.Combine(work, "etc"), "/etc");
        await git.RunAsync("add", "etc");
        await git.RunAsync("commit", "-m", "link");
        await git.RunAsync("push", repositories.Folder.PathOf(name), "HEAD:refs/heads/main");
        var linked = repositories.Resolve(name, BranchName.Main)!.Value;

        Assert.IsType<FilesRead>(repositories.Export(name, plain, folder.At("plain"), FileLimits.Default));
        Assert.Equal("etc", Refused(repositories.Export(name, linked, folder.At("linked"), FileLimits.Default)));
        Assert.Equal("#!/bin/sh\n", await File.ReadAllTextAsync(folder.At("plain/run.sh"), TestContext.Current.CancellationToken));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(folder.At("plain/run.sh")).HasFlag(UnixFileMode.UserExecute));
        Assert.False(Directory.Exists(folder.At("linked")));
    }

    [Fact]
    public async Task A_tree_that_unfolds_without_end_is_refused()
    {
        // Twenty trees, each twice the one below: a million folders in twenty objects.
        var git = new GitClient(repositories.Folder.PathOf(name));
        var seed = Assert.IsType<Committed>(repositories.Commit(name, Whole(("a", "1"))));
        var tree = (await git.RunAsync("rev-parse", $"{seed.Commit}^{{tree}}")).Trim();
        for (var i = 0; i < 20; i++)
        {
            var listing = folder.At($"tree-{i}");
            await File.WriteAllTextAsync(listing, $"040000 tree {tree}\tl\n040000 tree {tree}\tr\n", TestContext.Current.CancellationToken);
            tree = (await ShellAsync($"git mktree < {listing}", repositories.Folder.PathOf(name))).Trim();
        }

        var commit = (await git.RunAsync("commit-tree", "-m", "bomb", tree)).Trim();
        Assert.True(CommitId.TryParse(commit, out var id));
        Assert.IsType<FilesRefused>(repositories.ReadTree(name, id, FolderPath.Root, FileLimits.Default));
    }

    private static async Task<string> ShellAsync(string command, string folder)
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", command])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        })!;
        return await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    private List<string> Read(CommitId commit) =>
        [.. Assert.IsType<FilesRead>(repositories.ReadTree(name, commit, FolderPath.Root, FileLimits.Default)).Files
            .Select(file => $"{file.Key}={Encoding.UTF8.GetString(file.Value.Bytes.Span)}")];

    private static string Refused(FileReading reading) => Assert.IsType<FilesRefused>(reading).Refusal.File;

    private static CommitRequest Whole(params (string Path, string Text)[] files) =>
        new(BranchName.Main, new WholeTree(Set(files)), "a message\n", new CommitAuthor("Zoe", "<zoe@example.com>\n"), When);

    private static FileSet Set(params (string Path, string Text)[] files) =>
        FileSet.TryCreate(
            files.Select(file => KeyValuePair.Create(Path(file.Path), FileContent.Text(file.Text))), FileLimits.Default, out var set, out var refusal)
            ? set
            : throw new ArgumentException(refusal.Message);

    private static RepositoryName Name(string text) => RepositoryName.TryParse(text, out var name) ? name : throw new ArgumentException(text);

    private static RelativePath Path(string text) => RelativePath.TryParse(text, out var path) ? path : throw new ArgumentException(text);

    private static FolderPath Folder(string text) => FolderPath.TryParse(text, out var path, out var why) ? path : throw new ArgumentException(why);
}
