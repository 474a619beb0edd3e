using System.Text.Json.Nodes;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Http;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Catalog.Endpoints;

internal static class TemplateEndpoints
{
    /// <summary>Where templates and their runs lie.</summary>
    public const string Namespace = "default";

    public static void MapTemplates(this IEndpointRouteBuilder api)
    {
        var templates = api.MapGroup("/templates").WithTags("Golden paths");
        templates.MapGet("/", ListAsync).WithSummary("Lists the golden paths").WithName("ListTemplates");
        templates.MapPost("/", CreateAsync).WithSummary("Adds a golden path: a Backstage Template v1beta3").WithName("CreateTemplate");
        templates.MapGet("/{name}", GetAsync).WithSummary("Gets a golden path with the schema of its form").WithName("GetTemplate");
        templates.MapPut("/{name}", ReplaceAsync).WithSummary("Replaces a golden path").WithName("ReplaceTemplate");
        templates.MapPost("/{name}/runs", RunEndpoints.StartAsync).WithSummary("Runs a golden path with the form's values").WithName("StartRun");
    }

    private static async Task<Results<Ok<Page<TemplateSummary>>, ProblemHttpResult>> ListAsync(
        ResourceStore store, string? cursor, int? limit, CancellationToken ct)
    {
        if (!Cursors.TryRead(cursor, out var after))
        {
            return Cursors.Unknown().ToResult();
        }

        var page = await store.ListAsync(new ListQuery(TemplateKinds.Template, Namespace, Limit: Cursors.Limit(limit), After: after), ct);
        return TypedResults.Ok(new Page<TemplateSummary>([.. page.Items.Select(i => TemplateViews.Summary(i.ToDocument()))], Cursors.After(page)));
    }

    private static async Task<Results<Ok<TemplateView>, ProblemHttpResult>> GetAsync(
        string name, ResourceStore store, HttpResponse response, CancellationToken ct)
    {
        if (await store.FindAsync(KeyOf(name), ct) is not { } found)
        {
            return Catalogue.NotFound(KeyOf(name)).ToResult();
        }

        response.SetTag(found);
        return View(found);
    }

    private static async Task<Results<Created<TemplateView>, Ok<TemplateView>, ProblemHttpResult>> CreateAsync(
        CallerContext context, JsonObject template, [FromHeader(Name = IdempotencyKeys.Header)] string? idempotencyKey, ResourceGateway gateway,
        KindRegistry kinds, IdempotencyKeys keys, HttpRequest request, HttpResponse response, bool dryRun = false, CancellationToken ct = default)
    {
        while (true)
        {
            var keyed = dryRun ? new Keyed<TemplateView>(null, null, null) : await keys.OpenAsync<TemplateView>(context.Caller, request, template, ct);
            if (keyed.Problem is { } problem)
            {
                return problem.ToResult();
            }

            if (keyed.First is { } first)
            {
                return first;
            }

            var options = new WriteOptions
            {
                DryRun = dryRun,
                Along = keyed.New?.Along<TemplateView>(made => View(made).Result is Ok<TemplateView> { Value: { } seen } ? (HrefOf(seen), seen) : null),
            };
            switch (await gateway.CreateAsync(context.Caller, kinds.Find(TemplateKinds.Template)!, Namespace, template, options, ct))
            {
                case Refused refused:
                    return refused.Problem.ToResult();
                case Written { Resource: var stored }:
                    response.SetTag(stored);
                    return View(stored) is { Result: Ok<TemplateView> { Value: { } view } } && !dryRun
                        ? TypedResults.Created(HrefOf(view), view)
                        : Unwrap(View(stored));
            }
        }
    }

    private static async Task<Results<Created<TemplateView>, Ok<TemplateView>, ProblemHttpResult>> ReplaceAsync(
        CallerContext context, string name, JsonObject template, ResourceGateway gateway, ResourceStore store, KindRegistry kinds, HttpRequest request,
        HttpResponse response, bool dryRun = false, CancellationToken ct = default)
    {
        if (await store.FindAsync(KeyOf(name), ct) is { } seen)
        {
            if (!request.Admits(seen))
            {
                return Catalogue.Stale(seen.Key).ToResult();
            }

            template.Metadata()["resourceVersion"] = seen.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var outcome = await gateway.UpdateAsync(
            context.Caller, kinds.Find(TemplateKinds.Template)!, KeyOf(name), (_, _) => new(((JsonObject)template.DeepClone(), null)),
            new WriteOptions { DryRun = dryRun }, ct);
        if (outcome is not Written { Resource: var stored })
        {
            return ((Refused)outcome).Problem.ToResult();
        }

        response.SetTag(stored);
        return Unwrap(View(stored));
    }

    private static string HrefOf(TemplateView template) => $"/api/v1/templates/{template.Name}";

    public static ResourceKey KeyOf(string name) => new(TemplateKinds.Template, Namespace, name);

    private static Results<Ok<TemplateView>, ProblemHttpResult> View(StoredResource stored)
    {
        var document = stored.ToDocument();
        return TemplateDefinitionReader.Read(document) is TemplateAccepted accepted
            ? TypedResults.Ok(TemplateViews.View(document, accepted.Definition))
            : CatalogProblems.UnreadableTemplate(stored.Key.Name).ToResult();
    }

    private static Results<Created<TemplateView>, Ok<TemplateView>, ProblemHttpResult> Unwrap(Results<Ok<TemplateView>, ProblemHttpResult> view) =>
        view.Result is Ok<TemplateView> ok ? ok : (ProblemHttpResult)view.Result;
}
