using System.Text.Json.Nodes;
using Flagstone.Platform.Http;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Provisioning.Plans;

internal static class PlanEndpoints
{
    private const string Markdown = "markdown";

    public static void MapPlans(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/v1/plans", PlanAsync).WithTags("Plans").RequireCaller().ProducesProblem(StatusCodes.Status403Forbidden)
            .WithSummary("Plans what applying a claim, a composite or a composition would change; format=markdown answers a comment for a pull request. Nothing is stored").WithName("Plan");

    private static async Task<Results<Ok<PlanView>, ContentHttpResult, ProblemHttpResult>> PlanAsync(
        CallerContext context, JsonObject manifest, ClaimPlanner claims, CompositionPlanner compositions, string? format, CancellationToken ct)
    {
        if (format is not (null or "json" or Markdown))
        {
            return Catalogue.BadRequest($"There is no format '{format}'. Use json or {Markdown}.").ToResult();
        }

        PlanView view;
        if (manifest.Text("kind") == CompositionKinds.Composition.Kind && manifest.Text("apiVersion") == CompositionKinds.Composition.ApiVersion)
        {
            var (plan, problem) = await compositions.PlanAsync(context.Caller, manifest, ct);
            if (problem is not null)
            {
                return problem.ToResult();
            }

            view = new PlanView(null, plan);
        }
        else if (await claims.PlanAsync(context.Caller, manifest, ct) is var outcome && outcome is Planned planned)
        {
            view = new PlanView(planned.Plan, null);
        }
        else
        {
            return ((PlanRefused)outcome).Problem.ToResult();
        }

        return format == Markdown ? TypedResults.Text(PlanMarkdown.Write(view), "text/markdown; charset=utf-8") : TypedResults.Ok(view);
    }
}
