using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Workflows.Frontend;

/// <summary>The history of a run as JSON, from its first event to its last.</summary>
internal static class HistoryEndpoints
{
    public static IEndpointRouteBuilder MapWorkflowHistory(this IEndpointRouteBuilder app)
    {
        app.MapGroup("/api/v1/workflowruns").WithTags("Workflows").RequireCaller()
            .ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .MapGet("/{ns}/{run}/history", (CallerContext context, string ns, string run, HistoryExport export, CancellationToken ct) =>
                export.AnswerAsync(context.Caller, ns, run, ct))
            .Produces<object>(StatusCodes.Status200OK, "application/json")
            .WithSummary("The history of a workflow run, which SDKs replay").WithName("ExportWorkflowHistory");
        // The console's link to the same: who is signed in by its cookie has no token in the browser.
        app.MapGet("/workflows/{ns}/{run}/history.json", DownloadAsync).RequireAuthorization().ExcludeFromDescription();
        return app;
    }

    private static async Task<IResult> DownloadAsync(
        HttpContext http, string ns, string run, TokenStore tokens, HistoryExport export, CancellationToken ct) =>
        await tokens.CallerAsync(http.User, ct) is { } caller ? await export.AnswerAsync(caller, ns, run, ct) : Catalogue.Unauthorized().ToResult();
}
