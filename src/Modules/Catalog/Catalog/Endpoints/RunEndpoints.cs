using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Globalization;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Runs;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Catalog.Endpoints;

internal static class RunEndpoints
{
    private const int MaxKey = 255;

    public static void MapRuns(this IEndpointRouteBuilder api)
    {
        var runs = api.MapGroup("/runs").WithTags("Golden paths");
        runs.MapGet("/", ListAsync).WithSummary("Lists the runs of golden paths, newest first").WithName("ListRuns");
        runs.MapGet("/{id}", GetAsync).WithSummary("Gets a run with its steps").WithName("GetRun");
        runs.MapGet("/{id}/events", EventsAsync).WithSummary("Follows a run as server-sent events; Last-Event-ID resumes").WithName("FollowRun");
    }

    public static async Task<Results<Created<RunView>, Ok<RunView>, ProblemHttpResult>> StartAsync(
        CallerContext context, string name, StartRun body, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        ResourceStore store, ResourceGateway gateway, KindRegistry kinds, RunChecks checks, bool dryRun = false, CancellationToken ct = default)
    {
        if (await store.FindAsync(TemplateEndpoints.KeyOf(name), ct) is not { } template)
        {
            return Catalogue.NotFound(TemplateEndpoints.KeyOf(name)).ToResult();
        }

        if (TemplateDefinitionReader.Read(template.ToDocument()) is not TemplateAccepted { Definition: { Parameters: var pages } definition })
        {
            return CatalogProblems.UnreadableTemplate(name).ToResult();
        }

        var values = ParameterRules.WithDefaults(pages, body.Values ?? []);
        if (ParameterRules.Validate(pages, values) is { Count: > 0 } errors)
        {
            return CatalogProblems.BadValues(name, errors).ToResult();
        }

        if (idempotencyKey?.Length > MaxKey)
        {
            return Catalogue.BadRequest($"Idempotency-Key has {idempotencyKey.Length} characters; {MaxKey} are the most.").ToResult();
        }

        var run = Document(context.Caller, name, values, idempotencyKey);
        var warnings = await checks.WarningsAsync(pages, values, ct);
        if (idempotencyKey is not null && await store.FindAsync(KeyOf(run.NameOf()), ct) is { } first)
        {
            return Again(first, run, idempotencyKey, warnings);
        }

        // Who may not start it is told so, and not what else would stand in the way.
        if (AccessRules.Refuse(context.Caller, "create", kinds.Find(TemplateKinds.Run)!, TemplateEndpoints.Namespace) is { } denied)
        {
            return Catalogue.Forbidden(context.Caller.Name, "create", KeyOf(run.NameOf()), denied).ToResult();
        }

        if (await checks.RefuseAsync(context.Caller, definition, values, ct) is { } taken)
        {
            return taken.ToResult();
        }

        var outcome = await gateway.CreateAsync(
            context.Caller, kinds.Find(TemplateKinds.Run)!, TemplateEndpoints.Namespace, run, new WriteOptions { DryRun = dryRun }, ct);
        return outcome switch
        {
            Written written when dryRun => TypedResults.Ok(View(written.Resource) with { Warnings = warnings }),
            Written written => Made(written.Resource, warnings),
            // The same request, at the same time.
            Refused { Problem.Slug: "already-exists" } when idempotencyKey is not null && await store.FindAsync(KeyOf(run.NameOf()), ct) is { } other =>
                Again(other, run, idempotencyKey, warnings),
            Refused refused => refused.Problem.ToResult(),
            _ => throw new System.Diagnostics.UnreachableException(outcome.GetType().Name),
        };
    }

    private static async Task<Results<Ok<Page<RunView>>, ProblemHttpResult>> ListAsync(ResourceStore store, string? cursor, int? limit, CancellationToken ct)
    {
        long? before = null;
        if (!string.IsNullOrEmpty(cursor))
        {
            if (!Cursors.TryRead(cursor, 1, out var parts) || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
            {
                return Cursors.Unknown().ToResult();
            }

            before = sequence;
        }

        var page = await store.NewestAsync(TemplateKinds.Run, TemplateEndpoints.Namespace, Cursors.Limit(limit), before, ct);
        return TypedResults.Ok(new Page<RunView>(
            [.. page.Items.Select(View)], page.Before is { } next ? Cursors.Of(next.ToString(CultureInfo.InvariantCulture)) : null));
    }

    private static async Task<Results<Ok<RunView>, ProblemHttpResult>> GetAsync(string id, ResourceStore store, HttpResponse response, CancellationToken ct)
    {
        if (await store.FindAsync(KeyOf(id), ct) is not { } found)
        {
            return Catalogue.NotFound(KeyOf(id)).ToResult();
        }

        response.SetTag(found);
        return TypedResults.Ok(View(found));
    }

    private static async Task<Results<ServerSentEventsResult<RunView>, ProblemHttpResult>> EventsAsync(
        string id, [FromHeader(Name = "Last-Event-ID")] long? lastEventId, ResourceStore store, RunEvents events, CancellationToken ct)
    {
        if (await store.FindAsync(KeyOf(id), ct) is not { } found)
        {
            return Catalogue.NotFound(KeyOf(id)).ToResult();
        }

        return TypedResults.ServerSentEvents(events.FollowAsync(found, lastEventId, ct));
    }

    // The key names the run, so the effect and the memory of the key are one resource, written in one commit.
    private static JsonObject Document(Caller caller, string template, JsonObject values, string? key) => new()
    {
        ["metadata"] = key is null
            ? new JsonObject { ["generateName"] = "run-" }
            : new JsonObject { ["name"] = $"run-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{caller.Actor.Id}\0{key}")))[..20]}" },
        ["spec"] = new JsonObject { ["template"] = template, ["values"] = values },
    };

    private static Results<Created<RunView>, Ok<RunView>, ProblemHttpResult> Again(
        StoredResource before, JsonObject run, string key, IReadOnlyList<string> warnings)
    {
        var first = before.ToDocument();
        return first["spec"].Text("template") == run["spec"].Text("template") && JsonNode.DeepEquals(first.At("spec", "values"), run.At("spec", "values"))
            ? Made(before, warnings)
            : Catalogue.KeyReused(key).ToResult();
    }

    private static Created<RunView> Made(StoredResource run, IReadOnlyList<string> warnings) =>
        TypedResults.Created($"/api/v1/runs/{run.Key.Name}", View(run) with { Warnings = warnings });

    private static RunView View(StoredResource run) => RunViews.View(run.ToDocument(), run.Version);

    private static ResourceKey KeyOf(string id) => new(TemplateKinds.Run, TemplateEndpoints.Namespace, id);
}
