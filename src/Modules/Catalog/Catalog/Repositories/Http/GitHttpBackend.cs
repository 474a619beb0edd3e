using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Flagstone.Catalog.Repositories.Http;

/// <summary>
/// Git's smart protocol at <c>/git/NAME.git</c>, spoken by Git itself. Who may do what is decided by the platform, in front of it.
/// </summary>
internal sealed partial class GitHttpBackend(
    HostedRepositories repositories,
    GitHttpOptions options,
    AuthorizeGit authorize,
    GitPushed pushed,
    TimeProvider clock,
    ILogger<GitHttpBackend> logger) : IDisposable
{
    private const string Challenge = "Basic realm=\"Flagstone\", charset=\"UTF-8\"";

    private readonly SemaphoreSlim turns = new(options.Concurrency, options.Concurrency);

    /// <summary>How many more requests could be served at this moment.</summary>
    public int FreeTurns => turns.CurrentCount;

    public IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/git");
        group.MapGet(
            "/{name}.git/info/refs", (HttpContext http, string name) => ServeAsync(http, name, GitService.Advertisement(http.Request)));
        group.MapPost("/{name}.git/git-upload-pack", (HttpContext http, string name) => ServeAsync(http, name, GitService.UploadPack));
        group.MapPost("/{name}.git/git-receive-pack", (HttpContext http, string name) => ServeAsync(http, name, GitService.ReceivePack));

        // The dumb protocol would hand out files of the repository's folder; and no page answers below /git.
        group.Map("/{**rest}", () => TypedResults.NotFound());
        return group;
    }

    public void Dispose() => turns.Dispose();

    private async Task ServeAsync(HttpContext context, string name, GitService? service)
    {
        if (service is null || !RepositoryName.TryParse(name, out var repository))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (await authorize(context, repository, service.Access) is not { } caller)
        {
            await RefuseAsync(context.Response);
            return;
        }

        if (Reject(context.Request, repository, service) is var (status, why))
        {
            context.Response.StatusCode = status;
            await GitRefusals.WriteAsync(context.Response, why);
            return;
        }

        if (!await turns.WaitAsync(options.QueueTime, context.RequestAborted))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "5";
            await GitRefusals.WriteAsync(context.Response, "As many clones and pushes run as may at once. Try again in a few seconds.");
            return;
        }

        try
        {
            await RunAsync(context, repository, service, caller);
        }
        finally
        {
            turns.Release();
            await TellAsync(repository, service, caller);
        }
    }

    private static async Task RefuseAsync(HttpResponse response)
    {
        if (response.StatusCode != StatusCodes.Status200OK)
        {
            return;
        }

        response.StatusCode = StatusCodes.Status401Unauthorized;
        response.Headers.WWWAuthenticate = Challenge;
        await GitRefusals.WriteAsync(response, "Sign in with an access token of Flagstone as the password; the user name may be anything.");
    }

    private (int Status, string Why)? Reject(HttpRequest request, RepositoryName repository, GitService service)
    {
        if (!repositories.Folder.Exists(repository))
        {
            return (StatusCodes.Status404NotFound, $"There is no repository '{repository}' here.");
        }

        if (!service.Takes(request))
        {
            return (StatusCodes.Status415UnsupportedMediaType, $"The body is not {service.ContentType}.");
        }

        return request.ContentLength > options.MaxBodyBytes
            ? (StatusCodes.Status413PayloadTooLarge, $"The push is over the limit of {RepositoryFolder.MaxPackBytes >> 20} MB. Keep artifacts elsewhere.")
            : null;
    }

    private async Task RunAsync(HttpContext context, RepositoryName repository, GitService service, GitCaller caller)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = options.MaxBodyBytes;
        }

        using var deadline = new CancellationTokenSource(options.RequestTime, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, deadline.Token);
        using var git = new GitCgi(repositories.Folder);
        try
        {
            var result = await git.RunAsync(context, repository, service, caller, stop.Token);
            if (result.ExitCode != 0)
            {
                LogFailed(repository.Value, service.Path, result.ExitCode, result.Errors);
            }

            if (!result.HasAnswer)
            {
                context.Response.StatusCode = StatusCodes.Status502BadGateway;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            LogStopped(repository.Value, service.Path, deadline.IsCancellationRequested ? "it took too long" : "the client left");
            context.Abort();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The push is stored whatever its listener does, and a source compares branches.")]
    private async ValueTask TellAsync(RepositoryName repository, GitService service, GitCaller caller)
    {
        if (service != GitService.ReceivePack)
        {
            return;
        }

        try
        {
            await pushed(repository, caller);
        }
        catch (Exception e)
        {
            LogNotTold(e, repository.Value);
        }
    }
}
