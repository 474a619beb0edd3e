using Flagstone.Catalog.Deployments;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Repositories;
using Flagstone.Platform.Http;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Catalog.Endpoints;

internal static class ServiceEndpoints
{
    public static void MapServices(this IEndpointRouteBuilder api)
    {
        var services = api.MapGroup("/services").WithTags("Services");
        services.MapGet("/", ListAsync).WithSummary("Lists the services").WithName("ListServices");
        services.MapGet("/{ns}/{name}", GetAsync).WithSummary("Gets a service with its claims and commits").WithName("GetService");
        services.MapPost("/{ns}/{name}/rollback", RollBackAsync).WithSummary("Brings an earlier commit of a service back").WithName("RollBackService");
    }

    private static async Task<Results<Ok<Page<ServiceSummary>>, ProblemHttpResult>> ListAsync(
        ResourceStore store, string? owner, string? phase, string? cursor, int? limit, CancellationToken ct)
    {
        if (!Cursors.TryRead(cursor, out var after))
        {
            return Cursors.Unknown().ToResult();
        }

        // A filter makes pages shorter, never wrong: the cursor goes by what was read.
        var page = await store.ListAsync(new ListQuery(EntityKinds.Component, Limit: Cursors.Limit(limit), After: after), ct);
        var services = page.Items.Select(i => i.ToDocument())
            .Where(c => c["spec"].Text("type") == "service")
            .Select(ServiceViews.Summary)
            .Where(s => (owner is null || s.Owner == owner) && (phase is null || s.Phase == phase));
        return TypedResults.Ok(new Page<ServiceSummary>([.. services], Cursors.After(page)));
    }

    private static async Task<Results<Ok<ServiceView>, ProblemHttpResult>> GetAsync(
        string ns, string name, ResourceStore store, ServiceDetails details, HttpResponse response, CancellationToken ct)
    {
        var key = new ResourceKey(EntityKinds.Component, ns, name);
        if (await store.FindAsync(key, ct) is not { } found)
        {
            return Catalogue.NotFound(key).ToResult();
        }

        response.SetTag(found);
        return TypedResults.Ok(await details.ViewAsync(found.ToDocument(), ct));
    }

    private static async Task<Results<Accepted<RollbackView>, ProblemHttpResult>> RollBackAsync(
        CallerContext context, string ns, string name, RollbackRequest body, [FromHeader(Name = IdempotencyKeys.Header)] string? idempotencyKey, ResourceStore store,
        Rollback rollback, HttpRequest request, CancellationToken ct)
    {
        var key = new ResourceKey(EntityKinds.Component, ns, name);
        if (await store.FindAsync(key, ct) is not { } found)
        {
            return Catalogue.NotFound(key).ToResult();
        }

        if (idempotencyKey?.Length > IdempotencyKeys.MaxKey)
        {
            return Catalogue.BadRequest($"{IdempotencyKeys.Header} has {idempotencyKey.Length} characters; {IdempotencyKeys.MaxKey} are the most.").ToResult();
        }

        if (!request.Admits(found))
        {
            return Catalogue.Stale(key).ToResult();
        }

        if (ServiceDetails.RepositoryOf(found.ToDocument()) is not { } app)
        {
            return CatalogProblems.NotAService(name).ToResult();
        }

        CommitId? commit = null;
        if (body.Commit is { } text)
        {
            if (!CommitId.TryParse(text, out var parsed))
            {
                return Catalogue.BadRequest($"Commit '{text}' is not the whole SHA-1 of a commit, 40 hexadecimal digits in lower case.").ToResult();
            }

            commit = parsed;
        }

        return await rollback.RunAsync(context.Caller, key, app, commit, ct, string.IsNullOrEmpty(idempotencyKey) ? null : idempotencyKey) switch
        {
            RolledBack done => TypedResults.Accepted(
                $"/api/v1/services/{ns}/{name}", new RollbackView(done.From.Value, done.To.Value, done.Gitops.Value)),
            RollbackRefused refused => refused.Problem.ToResult(),
            var other => throw new System.Diagnostics.UnreachableException(other.GetType().Name),
        };
    }
}
