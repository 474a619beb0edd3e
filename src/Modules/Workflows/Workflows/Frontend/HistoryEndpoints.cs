using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Workflows.Console;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Workflows.Frontend;

/// <summary>
/// The history of a run as JSON, from its first event to its last: <c>{"events":[...]}</c>, each event as protobuf writes it. SDKs replay it, and
/// <c>temporal workflow show --output json</c> writes the same.
/// </summary>
internal static class HistoryEndpoints
{
    /// <summary>Events that are read at once.</summary>
    private const int PageSize = 500;

    private const int PageBytes = 4 * 1024 * 1024;

    public static IEndpointRouteBuilder MapWorkflowHistory(this IEndpointRouteBuilder app)
    {
        app.MapGroup("/api/v1/workflowruns").WithTags("Workflows").RequireCaller()
            .ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound)
            .MapGet("/{ns}/{run}/history", (
                    CallerContext context, string ns, string run, NamespaceCache namespaces, ExecutionStore executions, CancellationToken ct) =>
                ExportAsync(context.Caller, ns, run, namespaces, executions, ct))
            .Produces<object>(StatusCodes.Status200OK, "application/json")
            .WithSummary("The history of a workflow run, which SDKs replay").WithName("ExportWorkflowHistory");
        // The console's link to the same: who is signed in by its cookie has no token in the browser.
        app.MapGet("/workflows/{ns}/{run}/history.json", DownloadAsync).RequireAuthorization().ExcludeFromDescription();
        return app;
    }

    private static async Task<IResult> DownloadAsync(
        HttpContext http, string ns, string run, TokenStore tokens, NamespaceCache namespaces, ExecutionStore executions, CancellationToken ct) =>
        await tokens.CallerAsync(http.User, ct) is { } caller
            ? await ExportAsync(caller, ns, run, namespaces, executions, ct) : Catalogue.Unauthorized().ToResult();

    private static async Task<IResult> ExportAsync(
        Caller caller, string ns, string runId, NamespaceCache namespaces, ExecutionStore executions, CancellationToken ct)
    {
        if (AccessRules.RefuseWorkflowLists(caller, ns) is { } why)
        {
            return Catalogue.Forbidden(caller.Name, "get", Evidence.Key(ns, runId), why).ToResult();
        }

        WorkflowNamespace found;
        try
        {
            found = await namespaces.GetAsync(ns, ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return Catalogue.NotFound(WorkflowNamespaceKind.Namespace.Key("", ns)).ToResult();
        }

        return await executions.FindRunAsync(found.Id, runId, ct) is { } run
            ? Results.Stream(body => WriteAsync(body, run, executions, ct), "application/json")
            : Catalogue.NotFound(Evidence.Key(ns, runId)).ToResult();
    }

    private static async Task WriteAsync(Stream body, RunState run, ExecutionStore executions, CancellationToken ct)
    {
        await using var text = new StreamWriter(body);
        await text.WriteAsync("{\"events\":[");
        var (next, last) = (1L, run.NextEventId - 1);
        while (next <= last && await executions.EventsAsync(run.RunId, next, last, PageSize, PageBytes, ct) is { Count: > 0 } page)
        {
            foreach (var one in page)
            {
                await text.WriteAsync(one.EventId == 1 ? "\n" : ",\n");
                await text.WriteAsync(EventJson.Exact(one));
            }

            next = page[^1].EventId + 1;
        }

        await text.WriteAsync("\n]}\n");
    }
}
