using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Drift;
using Flagstone.Provisioning.Explaining;
using Flagstone.Provisioning.Plans;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Provisioning.Claims;

/// <summary>What was asked for: a claim, or a composite that lies in a namespace.</summary>
/// <param name="Resource">Plural and group, as paths name the kind: <c>postgresqlinstances.platform.example.com</c>.</param>
/// <param name="Synced">True when the last reconcile did all it had to; null while none has run.</param>
/// <param name="Message">Why it is not ready or not synced; null when it is.</param>
/// <param name="Composition">The composition that makes it; null while none is chosen.</param>
/// <param name="Composite">The composite's name, its own where it is one; null while there is none.</param>
/// <param name="ConnectionSecret">The Secret in the claim's namespace; null when it asks for none. Nothing of its values.</param>
/// <param name="Deleting">True once it is on its way out.</param>
/// <param name="Spec">What is asked for, with the platform's own members.</param>
/// <param name="Version">Its version; the entity tag is made of it.</param>
public sealed record ClaimView(
    string Resource, string ApiVersion, string Kind, string Namespace, string Name, bool? Synced, bool Ready, string? Message, string? Composition,
    string? Composite, string? ConnectionSecret, bool Deleting, string Created, JsonObject Spec, long Version);

internal static class ClaimEndpoints
{
    private const string Path = "/api/v1/claims";

    /// <summary>Stands in a path for the namespace of a composite that lies in none. No namespace can be called so.</summary>
    private const string NoNamespace = "-";

    public static void MapClaims(this IEndpointRouteBuilder app)
    {
        var claims = app.MapGroup(Path).WithTags("Claims").RequireCaller().ProducesProblem(StatusCodes.Status403Forbidden);
        claims.MapGet("/", ListAsync).WithSummary("Lists the claims, of one namespace or kind or of all").WithName("ListClaims");
        claims.MapPost("/", CreateAsync).WithSummary("Makes a claim from its manifest; dryRun=true answers the plan instead").WithName("CreateClaim");
        claims.MapGet("/{kind}/{ns}/{name}", GetAsync).WithSummary("Gets a claim").WithName("GetClaim");
        claims.MapPut("/{kind}/{ns}/{name}", ReplaceAsync).WithSummary("Changes a claim; dryRun=true answers the plan instead").WithName("ReplaceClaim");
        claims.MapGet("/{kind}/{ns}/{name}/explanation", ExplainAsync).WithSummary("Says why a claim is not ready: the one resource, the one condition, and what to do").WithName("ExplainClaim");
        claims.MapGet("/{kind}/{ns}/{name}/cost", CostAsync).WithSummary("Estimates what a claim costs a month").WithName("GetClaimCost");
        claims.MapGet("/{kind}/{ns}/{name}/drift", DriftAsync).WithSummary("Lists what of a claim was changed outside of the platform").WithName("GetClaimDrift");
        claims.MapPost("/{kind}/{ns}/{name}/drift", DecideAsync).WithSummary("Accepts, excepts or reverts what of a claim drifted").WithName("DecideClaimDrift");
        app.MapGet("/api/v1/costs", ReportAsync).WithTags("Claims").RequireCaller().ProducesProblem(StatusCodes.Status403Forbidden)
            .WithSummary("Estimates what the claims cost a month, by service and team").WithName("GetCosts");
        claims.MapDelete("/{kind}/{ns}/{name}", DeleteAsync).WithSummary("Deletes a claim and what it is made of").WithName("DeleteClaim");
    }

    private static async Task<Results<Ok<Page<ClaimView>>, ProblemHttpResult>> ListAsync(
        CallerContext context, ResourceStore store, KindRegistry kinds, [FromQuery(Name = "namespace")] string? ns, string? kind, string? cursor, int? limit,
        CancellationToken ct)
    {
        var offered = kinds.All.Where(k => k.AskedFor && (kind is null || k.Id == KindId.Parse(kind))).OrderBy(k => k.Id.ToString(), StringComparer.Ordinal).ToList();
        if (kind is not null && offered.Count == 0)
        {
            return ClaimProblems.NoSuchKind(kinds, kind).ToResult();
        }

        string[]? after = null;
        if (!string.IsNullOrEmpty(cursor) && !Cursors.TryRead(cursor, 3, out after))
        {
            return Cursors.Unknown().ToResult();
        }

        var size = Cursors.Limit(limit);
        var found = new List<(KindDefinition Kind, StoredResource Claim)>();
        foreach (var definition in offered)
        {
            var order = after is null ? 1 : string.CompareOrdinal(definition.Id.ToString(), after[0]);
            if (order < 0 || found.Count > size || AccessRules.Refuse(context.Caller, "list", definition, ns ?? "") is not null)
            {
                continue;
            }

            // One more than the page holds, so that the last page knows that it is.
            var query = new ListQuery(definition.Id, ns, Limit: size + 1, After: order == 0 ? (after![1], after[2]) : null);
            ListPage read;
            do
            {
                read = await store.ListAsync(query, ct);
                found.AddRange(read.Items.Where(i => definition.IsAskedFor(i.ToDocument())).Select(i => (definition, i)));
                query = query with { After = read.Items is [.., var end] ? (end.Key.Namespace, end.Key.Name) : null };
            }
            while (read.More && found.Count <= size);
        }

        var page = found.Take(size).ToList();
        var next = found.Count > size && page[^1].Claim.Key is var last ? Cursors.Of(last.Kind.ToString(), last.Namespace, last.Name) : null;
        return TypedResults.Ok(new Page<ClaimView>([.. page.Select(f => View(f.Kind, f.Claim))], next));
    }

    private static async Task<Results<Ok<ClaimView>, ProblemHttpResult>> GetAsync(
        CallerContext context, string kind, string ns, string name, ResourceStore store, KindRegistry kinds, HttpResponse response, CancellationToken ct)
    {
        var (found, definition, problem) = await FindAsync(context.Caller, kind, ns, name, store, kinds, ct);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        response.SetTag(found!);
        return TypedResults.Ok(View(definition!, found!));
    }

    private static async Task<Results<Created<ClaimView>, Ok<ClaimPlan>, ProblemHttpResult>> CreateAsync(
        CallerContext context, JsonObject claim, [FromHeader(Name = IdempotencyKeys.Header)] string? idempotencyKey, ResourceGateway gateway, KindRegistry kinds,
        ClaimPlanner planner, IdempotencyKeys keys, HttpRequest request, HttpResponse response, bool dryRun = false, CancellationToken ct = default)
    {
        if (dryRun)
        {
            return await planner.PlanAsync(context.Caller, claim, ct) switch
            {
                Planned planned => TypedResults.Ok(planned.Plan),
                PlanRefused refused => refused.Problem.ToResult(),
                var other => throw new System.Diagnostics.UnreachableException(other.GetType().Name),
            };
        }

        if (!kinds.TryFind(claim.Text("apiVersion"), claim.Text("kind"), out var kind) || !kind.AskedFor)
        {
            return ClaimProblems.NoSuchKind(kinds, $"{claim.Text("apiVersion")} {claim.Text("kind")}").ToResult();
        }

        while (true)
        {
            var keyed = await keys.OpenAsync<ClaimView>(context.Caller, request, claim, ct);
            if (keyed.Problem is { } problem)
            {
                return problem.ToResult();
            }

            if (keyed.First is { } first)
            {
                return first;
            }

            var options = new WriteOptions { Along = keyed.New?.Along<ClaimView>(stored => (HrefOf(stored.Key), View(kind, stored))) };
            switch (await gateway.CreateAsync(context.Caller, kind, claim.NamespaceOf(), claim, options, ct))
            {
                case Written { Resource: var made }:
                    response.SetTag(made);
                    return TypedResults.Created(HrefOf(made.Key), View(kind, made));
                case Refused refused:
                    return refused.Problem.ToResult();
            }
        }
    }

    private static async Task<Results<Ok<ClaimView>, Ok<ClaimPlan>, ProblemHttpResult>> ReplaceAsync(
        CallerContext context, string kind, string ns, string name, JsonObject claim, ResourceStore store, ResourceGateway gateway, KindRegistry kinds,
        ClaimPlanner planner, HttpRequest request, HttpResponse response, bool dryRun = false, CancellationToken ct = default)
    {
        var (found, definition, problem) = await FindAsync(context.Caller, kind, ns, name, store, kinds, ct);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        if (!request.Admits(found!))
        {
            return Catalogue.Stale(found!.Key).ToResult();
        }

        if (Misnamed(claim, definition!, found!.Key) is { } misnamed)
        {
            return misnamed.ToResult();
        }

        if (dryRun)
        {
            return await planner.PlanAsync(context.Caller, claim, ct) switch
            {
                Planned planned => TypedResults.Ok(planned.Plan),
                PlanRefused refused => refused.Problem.ToResult(),
                var other => throw new System.Diagnostics.UnreachableException(other.GetType().Name),
            };
        }

        if (request.Headers.IfMatch.Count > 0)
        {
            claim.Metadata()["resourceVersion"] = found.Version.ToString(CultureInfo.InvariantCulture);
        }

        var outcome = await gateway.UpdateAsync(
            context.Caller, definition!, found.Key, (current, _) => new((ClaimManifests.Replace(current, claim), null)), new WriteOptions(), ct);
        if (outcome is not Written { Resource: var stored })
        {
            return ((Refused)outcome).Problem.ToResult();
        }

        response.SetTag(stored);
        return TypedResults.Ok(View(definition!, stored));
    }

    private static async Task<Results<Accepted<ClaimView>, NoContent, ProblemHttpResult>> DeleteAsync(
        CallerContext context, string kind, string ns, string name, ResourceStore store, ResourceGateway gateway, KindRegistry kinds, HttpRequest request,
        CancellationToken ct)
    {
        var (found, definition, problem) = await FindAsync(context.Caller, kind, ns, name, store, kinds, ct);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        if (!request.Admits(found!))
        {
            return Catalogue.Stale(found!.Key).ToResult();
        }

        var options = new DeleteOptions(Uid: found!.Uid, Version: request.Headers.IfMatch.Count > 0 ? found.Version : null);
        return await gateway.DeleteAsync(context.Caller, definition!, found.Key, options, new WriteOptions(), ct) switch
        {
            Written { Gone: true } => TypedResults.NoContent(),
            Written written => TypedResults.Accepted(HrefOf(found.Key), View(definition!, written.Resource)),
            Refused refused => refused.Problem.ToResult(),
            var other => throw new System.Diagnostics.UnreachableException(other.GetType().Name),
        };
    }

    private static Task<Results<Ok<ClaimExplanation>, ProblemHttpResult>> ExplainAsync(
        CallerContext context, string kind, string ns, string name, ResourceStore store, KindRegistry kinds, ClaimInsights insights, CancellationToken ct) =>
        TellAsync(context, kind, ns, name, store, kinds, insights.ExplainAsync, ct);

    private static Task<Results<Ok<CostEstimate>, ProblemHttpResult>> CostAsync(
        CallerContext context, string kind, string ns, string name, ResourceStore store, KindRegistry kinds, ClaimInsights insights, CancellationToken ct) =>
        TellAsync(context, kind, ns, name, store, kinds, insights.CostAsync, ct);

    private static Task<Results<Ok<IReadOnlyList<DriftedResource>>, ProblemHttpResult>> DriftAsync(
        CallerContext context, string kind, string ns, string name, ResourceStore store, KindRegistry kinds, ClaimInsights insights, CancellationToken ct) =>
        TellAsync(context, kind, ns, name, store, kinds, insights.DriftAsync, ct);

    private static async Task<Results<NoContent, ProblemHttpResult>> DecideAsync(
        CallerContext context, string kind, string ns, string name, DriftDecision decision, ResourceStore store, KindRegistry kinds, DriftDecisions decisions,
        CancellationToken ct)
    {
        var (found, definition, problem) = await FindAsync(context.Caller, kind, ns, name, store, kinds, ct);
        problem ??= await decisions.DecideAsync(context.Caller, definition!, found!.ToDocument(), decision, ct);
        return problem is not null ? problem.ToResult() : TypedResults.NoContent();
    }

    private static async Task<Ok<CostReport>> ReportAsync(CallerContext context, ClaimInsights insights, CancellationToken ct) =>
        TypedResults.Ok(await insights.ReportAsync(context.Caller, ct));

    private static async Task<Results<Ok<T>, ProblemHttpResult>> TellAsync<T>(
        CallerContext context, string kind, string ns, string name, ResourceStore store, KindRegistry kinds, Func<KindDefinition, JsonObject, CancellationToken, Task<T>> tell,
        CancellationToken ct)
    {
        var (found, definition, problem) = await FindAsync(context.Caller, kind, ns, name, store, kinds, ct);
        return problem is not null ? problem.ToResult() : TypedResults.Ok(await tell(definition!, found!.ToDocument(), ct));
    }

    private static async Task<(StoredResource? Claim, KindDefinition? Kind, Problem? Problem)> FindAsync(
        Caller caller, string kind, string ns, string name, ResourceStore store, KindRegistry kinds, CancellationToken ct)
    {
        if (kinds.Find(KindId.Parse(kind)) is not { } definition || !(definition.AskedFor || (definition.IsComposite() && ns == NoNamespace)))
        {
            return (null, null, ClaimProblems.NoSuchKind(kinds, kind));
        }

        var key = definition.Key(ns, name);
        if (AccessRules.Refuse(caller, "get", definition, key.Namespace) is { } why)
        {
            return (null, null, Catalogue.Forbidden(caller.Name, "get", key, why));
        }

        return await store.FindAsync(key, ct) is { } found ? (found, definition, null) : (null, null, Catalogue.NotFound(key));
    }

    /// <summary>What a manifest leaves out is the path's; what it says must be the same.</summary>
    private static Problem? Misnamed(JsonObject claim, KindDefinition kind, ResourceKey key)
    {
        claim["apiVersion"] ??= kind.ApiVersion;
        claim["kind"] ??= kind.Kind;
        if (kind.Namespaced)
        {
            claim.Metadata()["namespace"] ??= key.Namespace;
        }

        claim.Metadata()["name"] ??= key.Name;
        return claim.Text("kind") == kind.Kind && claim.NamespaceOf() == key.Namespace && claim.NameOf() == key.Name ? null
            : Catalogue.BadRequest($"The manifest is of {claim.Text("kind")} {claim.NamespaceOf()}/{claim.NameOf()}, and the path of {kind.Kind} {key.Display}.");
    }

    private static string HrefOf(ResourceKey key) => $"{Path}/{key.Kind}/{(key.Namespace.Length > 0 ? key.Namespace : NoNamespace)}/{key.Name}";

    private static ClaimView View(KindDefinition kind, StoredResource stored)
    {
        var claim = stored.ToDocument();
        var state = ClaimStates.Read(kind, claim);
        return new ClaimView(
            kind.Id.ToString(), kind.ApiVersion, kind.Kind, state.Namespace, state.Name, state.Synced, state.Ready, Optional(state.Message),
            Optional(state.Composition), Optional(state.Composite), Optional(state.ConnectionSecret), claim.IsDeleting(),
            claim.Metadata().Text("creationTimestamp"), claim["spec"]?.DeepClone() as JsonObject ?? [], stored.Version);
    }

    private static string? Optional(string text) => text.Length > 0 ? text : null;
}
