using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Console;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
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
            .MapGet("/{ns}/{run}/history", (
                    CallerContext context, string ns, string run, NamespaceReader namespaces, RunReader runs, HistoryReader histories, CancellationToken ct) =>
                ExportAsync(context.Caller, ns, run, namespaces, runs, histories, ct))
            .Produces<object>(StatusCodes.Status200OK, "application/json")
            .WithSummary("The history of a workflow run, which SDKs replay").WithName("ExportWorkflowHistory");
        // The console's link to the same: who is signed in by its cookie has no token in the browser.
        app.MapGet("/workflows/{ns}/{run}/history.json", DownloadAsync).RequireAuthorization().ExcludeFromDescription();
        return app;
    }

    private static async Task<IResult> DownloadAsync(
        HttpContext http, string ns, string run, TokenStore tokens, NamespaceReader namespaces, RunReader runs, HistoryReader histories, CancellationToken ct) =>
        await tokens.CallerAsync(http.User, ct) is { } caller
            ? await ExportAsync(caller, ns, run, namespaces, runs, histories, ct) : Catalogue.Unauthorized().ToResult();

    private static async Task<IResult> ExportAsync(
        Caller caller, string ns, string runId, NamespaceReader namespaces, RunReader runs, HistoryReader histories, CancellationToken ct)
    {
        if (AccessRules.RefuseWorkflowLists(caller, ns) is { } why)
        {
            return Catalogue.Forbidden(caller.Name, "get", Evidence.Key(ns, runId), why).ToResult();
        }

        if (await namespaces.FindAsync(caller, ns, ct) is null)
        {
            return Catalogue.NotFound(WorkflowNamespaceKind.Namespace.Key("", ns)).ToResult();
        }

        return await runs.FindAsync(caller, ns, runId, ct) is { WorkflowExecutionInfo.Execution: var run }
            ? Results.Stream(body => HistoryText.WriteAsync(body, histories.AllAsync(caller, ns, run, ct), ct), "application/json")
            : Catalogue.NotFound(Evidence.Key(ns, runId)).ToResult();
    }
}
