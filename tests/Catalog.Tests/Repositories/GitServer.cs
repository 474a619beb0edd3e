using System.Collections.Concurrent;
using System.Text;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Repositories.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Flagstone.Catalog.Tests.Repositories;

/// <summary>The Git endpoint on a port of its own, with two people: <c>writer</c> may push, <c>reader</c> may not.</summary>
internal sealed class GitServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly GitHttpBackend backend;

    private GitServer(WebApplication app, GitHttpBackend backend, HostedRepositories repositories)
    {
        this.app = app;
        this.backend = backend;
        Repositories = repositories;
    }

    public HostedRepositories Repositories { get; }

    public ConcurrentQueue<string> Pushes { get; } = [];

    public Uri Base => new(app.Urls.Single());

    public static async Task<GitServer> StartAsync(string root, GitHttpOptions? options = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var repositories = new HostedRepositories(new RepositoryFolder(root));
        GitServer? server = null;
        var backend = new GitHttpBackend(
            repositories,
            options ?? new GitHttpOptions(),
            Authorize,
            (repository, caller) =>
            {
                server!.Pushes.Enqueue($"{caller.Name} {repository}");
                return ValueTask.CompletedTask;
            },
            TimeProvider.System,
            app.Services.GetRequiredService<ILogger<GitHttpBackend>>());
        backend.Map(app);
        server = new GitServer(app, backend, repositories);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Comes back when a request holds the last turn.</summary>
    public async Task BusyAsync()
    {
        while (backend.FreeTurns > 0)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public string Url(string user, string repository) => $"http://{user}:token@{Base.Authority}/git/{repository}.git";

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        backend.Dispose();
    }

    private static ValueTask<GitCaller?> Authorize(HttpContext context, RepositoryName repository, GitAccess access)
    {
        var header = context.Request.Headers.Authorization.ToString();
        var user = header.StartsWith("Basic ", StringComparison.Ordinal)
            ? Encoding.UTF8.GetString(Convert.FromBase64String(header["Basic ".Length..])).Split(':')[0]
            : null;
        if (user == "reader" && access == GitAccess.Write)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return default;
        }

        return ValueTask.FromResult(user is "writer" or "reader" ? new GitCaller(user) : null);
    }
}
