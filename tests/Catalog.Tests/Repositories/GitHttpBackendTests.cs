using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Repositories.Http;

namespace Flagstone.Catalog.Tests.Repositories;

/// <summary>The real git against the endpoint, over a real connection.</summary>
public sealed class GitHttpBackendTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private GitServer server = null!;
    private GitClient git = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GitServer.StartAsync(folder.At("git"));
        server.Repositories.Folder.CreateIfAbsent(Name);
        git = new GitClient(Work);
        Directory.CreateDirectory(Work);
        await git.RunAsync("init", ".");
        await CommitAsync("README.md", "first\n");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    private static RepositoryName Name { get; } = RepositoryName.TryParse("web", out var name) ? name : default;

    private string Work => folder.At("work");

    [Fact]
    public async Task A_push_is_stored_told_of_and_cloned_by_others()
    {
        await git.RunAsync("push", server.Url("writer", "web"), "main");
        await new GitClient(folder.Path).RunAsync("clone", server.Url("reader", "web"), "clone");

        Assert.Equal("first\n", await File.ReadAllTextAsync(folder.At("clone/README.md"), TestContext.Current.CancellationToken));
        Assert.Equal((await git.RunAsync("rev-parse", "HEAD")).Trim(), server.Repositories.Resolve(Name, BranchName.Main)?.Value);
        Assert.Equal("writer web", server.Pushes.Last());
    }

    [Fact]
    public async Task A_push_larger_than_a_buffer_and_a_clone_of_it_are_streamed()
    {
        await CommitAsync("random.bin", RandomNumberGenerator.GetBytes(5 << 20));
        await git.RunAsync("push", server.Url("writer", "web"), "main");
        await new GitClient(folder.Path).RunAsync("clone", server.Url("reader", "web"), "clone");
        Assert.Equal(5 << 20, new FileInfo(folder.At("clone/random.bin")).Length);
    }

    [Fact]
    public async Task History_is_not_rewritten_and_main_is_not_deleted()
    {
        await git.RunAsync("push", server.Url("writer", "web"), "main");
        var before = server.Repositories.Resolve(Name, BranchName.Main);
        await git.RunAsync("commit", "--amend", "-m", "rewritten");

        var (plain, _) = await git.TryAsync("push", server.Url("writer", "web"), "main");
        var (forced, output) = await git.TryAsync("push", "--force", server.Url("writer", "web"), "main");
        var (deleted, _) = await git.TryAsync("push", server.Url("writer", "web"), ":main");

        Assert.NotEqual(0, plain);
        Assert.NotEqual(0, forced);
        Assert.NotEqual(0, deleted);
        Assert.Contains("non-fast-forward", output, StringComparison.Ordinal);
        Assert.Equal(before, server.Repositories.Resolve(Name, BranchName.Main));
    }

    [Fact]
    public async Task No_hook_runs_neither_one_that_is_pushed_nor_one_that_lies_in_the_folder()
    {
        var proof = folder.At("hook-ran");
        var hooks = Path.Combine(server.Repositories.Folder.PathOf(Name), "hooks");
        Directory.CreateDirectory(hooks);
        foreach (var hook in new[] { "pre-receive", "update", "post-receive", "post-update", "reference-transaction" })
        {
            await CommitAsync($"hooks/{hook}", $"#!/bin/sh\ntouch {proof}\n");
            var file = Path.Combine(hooks, hook);
            await File.WriteAllTextAsync(file, $"#!/bin/sh\ntouch {proof}\n", TestContext.Current.CancellationToken);
            Assert.True(OperatingSystem.IsWindows() || MakeExecutable(file));
        }

        await git.RunAsync("push", server.Url("writer", "web"), "main");

        Assert.NotNull(server.Repositories.Resolve(Name, BranchName.Main));
        Assert.False(File.Exists(proof));
    }

    [Fact]
    public async Task A_push_that_is_too_large_is_refused_and_leaves_nothing()
    {
        await new GitClient(server.Repositories.Folder.PathOf(Name)).RunAsync("config", "receive.maxInputSize", "100000");
        await CommitAsync("random.bin", RandomNumberGenerator.GetBytes(300_000));

        var (exit, output) = await git.TryAsync("push", server.Url("writer", "web"), "main");

        Assert.NotEqual(0, exit);
        Assert.Contains("exceeds maximum allowed size", output, StringComparison.Ordinal);
        Assert.Null(server.Repositories.Resolve(Name, BranchName.Main));
    }

    [Fact]
    public async Task An_object_that_means_harm_is_refused()
    {
        // A tree with ".git" in it: cloned by an old client, it would write the client's own hooks.
        var blob = (await git.RunAsync("hash-object", "-w", "README.md")).Trim();
        var inner = await MakeTreeAsync($"100644 blob {blob}\tconfig\n");
        var tree = await MakeTreeAsync($"040000 tree {inner}\t.git\n");
        var commit = (await git.RunAsync("commit-tree", "-m", "harm", tree)).Trim();

        var (exit, output) = await git.TryAsync("push", server.Url("writer", "web"), $"{commit}:refs/heads/main");

        Assert.NotEqual(0, exit);
        Assert.Contains("hasDotgit", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_is_refused_before_it_is_said_what_is_there()
    {
        Assert.NotEqual(0, (await git.TryAsync("push", server.Url("reader", "web"), "main")).Exit);
        Assert.NotEqual(0, (await git.TryAsync("ls-remote", server.Url("stranger", "web"))).Exit);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(HttpMethod.Get, "web.git/info/refs?service=git-upload-pack", user: null));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(HttpMethod.Get, "none.git/info/refs?service=git-upload-pack", user: null));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(HttpMethod.Get, "web.git/info/refs?service=git-receive-pack", "reader"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(HttpMethod.Get, "none.git/info/refs?service=git-upload-pack", "reader"));
    }

    [Theory]
    [InlineData("GET", "web.git/HEAD")]
    [InlineData("GET", "web.git/config")]
    [InlineData("GET", "web.git/objects/info/packs")]
    [InlineData("GET", "web.git/info/refs")]
    [InlineData("GET", "web.git/info/refs?service=git-upload-archive")]
    [InlineData("GET", "web.git/info/refs?service=git-upload-pack&x=1")]
    [InlineData("POST", "web.git/git-upload-archive")]
    [InlineData("GET", "..%2fweb.git/info/refs?service=git-upload-pack")]
    [InlineData("GET", "Web.git/info/refs?service=git-upload-pack")]
    [InlineData("GET", ".home/library/.gitconfig")]
    public async Task Nothing_but_the_smart_protocol_is_served(string method, string path) =>
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(new HttpMethod(method), path, "writer"));

    [Fact]
    public async Task A_body_of_another_type_never_reaches_git() =>
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await StatusAsync(HttpMethod.Post, "web.git/git-receive-pack", "writer"));

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_ends_what_was_started_for_it()
    {
        await using var one = await GitServer.StartAsync(folder.At("git"), new GitHttpOptions { Concurrency = 1 });
        using (var client = new HttpClient())
        using (var leaving = new CancellationTokenSource())
        {
            var body = new UnfinishedBody();
            var push = client.SendAsync(Request(one, HttpMethod.Post, "web.git/git-receive-pack", "writer", body), leaving.Token);
            await body.Sent;
            await one.BusyAsync();
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => push);
        }

        // The only turn is free again when the program has ended.
        await git.RunAsync("push", one.Url("writer", "web"), "main");
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(server.Repositories.Folder.PathOf(Name), "objects"), "tmp_objdir-*"));
    }

    [Fact]
    public async Task A_request_that_finds_no_turn_is_told_to_come_back()
    {
        await using var busy = await GitServer.StartAsync(folder.At("git"), new GitHttpOptions { Concurrency = 1, QueueTime = TimeSpan.Zero });
        using var client = new HttpClient();
        using var leaving = new CancellationTokenSource();
        var body = new UnfinishedBody();
        var push = client.SendAsync(Request(busy, HttpMethod.Post, "web.git/git-receive-pack", "writer", body), leaving.Token);
        await busy.BusyAsync();

        using var refused = await client.SendAsync(
            Request(busy, HttpMethod.Get, "web.git/info/refs?service=git-upload-pack", "reader"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => push);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_cut_off()
    {
        await using var impatient = await GitServer.StartAsync(folder.At("git"), new GitHttpOptions { RequestTime = TimeSpan.FromMilliseconds(300) });
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, impatient.Base.Port, TestContext.Current.CancellationToken);
        var stream = connection.GetStream();
        var token = Convert.ToBase64String("writer:token"u8);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /git/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n"
                + "Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 1000\r\n\r\n00"),
            TestContext.Current.CancellationToken);

        // The body never comes; the server hangs up, with a reset or an end.
        var buffer = new byte[1000];
        var read = await Record.ExceptionAsync(async () => Assert.Equal(0, await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)));
        Assert.True(read is null or IOException, read?.ToString());
    }

    private async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string? user)
    {
        using var client = new HttpClient();
        using var response = await client.SendAsync(Request(server, method, path, user), TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private static HttpRequestMessage Request(GitServer server, HttpMethod method, string path, string? user, HttpContent? body = null)
    {
        var request = new HttpRequestMessage(method, new Uri(server.Base, $"git/{path}")) { Content = body };
        if (user is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:token")));
        }

        return request;
    }

    private Task CommitAsync(string path, string text) => CommitAsync(path, Encoding.UTF8.GetBytes(text));

    private async Task CommitAsync(string path, byte[] content)
    {
        var file = Path.Combine(Work, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
        await git.RunAsync("add", path);
        await git.RunAsync("commit", "-m", $"add {path}");
    }

    private async Task<string> MakeTreeAsync(string listing)
    {
        using var mktree = Process.Start(new ProcessStartInfo("git", ["mktree"])
        {
            WorkingDirectory = Work,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        await mktree.StandardInput.WriteAsync(listing);
        mktree.StandardInput.Close();
        return (await mktree.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim();
    }

    private static bool MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return true;
    }

    /// <summary>The beginning of a push, and then nothing.</summary>
    private sealed class UnfinishedBody : HttpContent
    {
        private readonly TaskCompletionSource sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public UnfinishedBody() => Headers.ContentType = new MediaTypeHeaderValue("application/x-git-receive-pack-request");

        public Task Sent => sent.Task;

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync("00"u8.ToArray(), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            sent.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
