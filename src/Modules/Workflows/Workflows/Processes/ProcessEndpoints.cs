using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Workflows.People;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Workflows.Processes;

/// <summary>The platform's own long processes.</summary>
internal static class ProcessEndpoints
{
    public static IEndpointRouteBuilder MapProcesses(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1").WithTags("Processes").RequireCaller().ProducesProblem(StatusCodes.Status403Forbidden);
        api.MapGet("/processkinds", KindsAsync).WithSummary("Lists the processes that can be asked for, with what each is started with").WithName("ListProcessKinds");
        var processes = api.MapGroup("/processes");
        processes.MapGet("/", ListAsync).WithSummary("Lists the platform's processes, the latest first").WithName("ListProcesses");
        processes.MapPost("/", StartAsync).WithSummary("Asks for a process: people are asked, and then it is done").WithName("StartProcess")
            .ProducesProblem(StatusCodes.Status409Conflict);
        processes.MapGet("/{id}", GetAsync).WithSummary("Gets a process, with the step that it is at").WithName("GetProcess")
            .ProducesProblem(StatusCodes.Status404NotFound);
        processes.MapPost("/{id}/cancellation", CancelAsync).WithSummary("Takes a process back, as long as that can be done").WithName("CancelProcess")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        return app;
    }

    private static Ok<Page<ProcessKindView>> KindsAsync(ProcessRuns runs) =>
        TypedResults.Ok(new Page<ProcessKindView>([.. runs.Kinds.Select(k => new ProcessKindView(k.Name, k.Title, k.Description, k.Input))], null));

    /// <param name="state"><c>open</c>, which is the default, or <c>closed</c>.</param>
    private static async Task<Results<Ok<Page<ProcessView>>, ProblemHttpResult>> ListAsync(
        CallerContext context, ProcessRuns runs, string? state, string? cursor, int? limit, CancellationToken ct)
    {
        if (state is not (null or "open" or "closed"))
        {
            return Catalogue.BadRequest($"The parameter 'state' cannot be '{state}'. Use open or closed.").ToResult();
        }

        try
        {
            // What a caller may not see makes pages shorter, never wrong: the cursor goes by what was read.
            var (page, next) = await runs.ListAsync(state != "closed", Cursors.Limit(limit), cursor ?? "", ct);
            return TypedResults.Ok(new Page<ProcessView>(
                [.. page.Where(p => MaySee(context.Caller, p.AskedBy)).Select(ProcessView.Of)], next.Length > 0 ? next : null));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            return Cursors.Unknown().ToResult();
        }
        catch (RpcException e)
        {
            return ProcessProblems.Of(e).ToResult();
        }
    }

    private static async Task<Results<Ok<ProcessView>, ProblemHttpResult>> GetAsync(
        CallerContext context, string id, ProcessRuns runs, HumanTasks tasks, CancellationToken ct)
    {
        var (process, problem) = await FindAsync(context.Caller, id, runs, ct);
        return process is null ? problem!.ToResult()
            : TypedResults.Ok(ProcessView.Of(process, runs.Namespace, (await tasks.OpenAsync(id, ct)).FirstOrDefault()));
    }

    private static async Task<Results<Accepted<ProcessView>, ProblemHttpResult>> StartAsync(
        CallerContext context, StartProcess body, [FromHeader(Name = IdempotencyKeys.Header)] string? idempotencyKey, ProcessRuns runs, CancellationToken ct)
    {
        if (idempotencyKey?.Length > IdempotencyKeys.MaxKey)
        {
            return Catalogue.BadRequest($"{IdempotencyKeys.Header} has {idempotencyKey.Length} characters; {IdempotencyKeys.MaxKey} are the most.").ToResult();
        }

        // A key is its sender's own: somebody else's of the same text is another request.
        var request = string.IsNullOrEmpty(idempotencyKey) ? "" : $"{context.Caller.Actor.Id}/{idempotencyKey}";
        var (process, problem) = await runs.StartAsync(context.Caller, body.Process ?? "", body.Input ?? [], (body.Reason ?? "").Trim(), request, ct);
        return process is null ? problem!.ToResult() : TypedResults.Accepted($"/api/v1/processes/{process.Id}", ProcessView.Of(process));
    }

    private static async Task<Results<Accepted<ProcessView>, ProblemHttpResult>> CancelAsync(
        CallerContext context, string id, CancelProcess body, ProcessRuns runs, CancellationToken ct)
    {
        var (process, problem) = await FindAsync(context.Caller, id, runs, ct);
        problem ??= await runs.CancelAsync(context.Caller, process!, (body.Reason ?? "").Trim());
        return problem is not null ? problem.ToResult() : TypedResults.Accepted($"/api/v1/processes/{id}", ProcessView.Of(process!, runs.Namespace));
    }

    /// <summary>Whoever is signed in sees all; a token that is bound to a namespace sees those that its holder asked for.</summary>
    internal static bool MaySee(Caller caller, string askedBy) => caller.Namespace.Length == 0 || caller.Name == askedBy;

    private static async Task<(ProcessDetails? Process, Problem? Problem)> FindAsync(Caller caller, string id, ProcessRuns runs, CancellationToken ct)
    {
        try
        {
            return await runs.FindAsync(id, ct) is not { } found || !MaySee(caller, found.State.AskedBy) ? (null, ProcessProblems.NoSuchProcess(id)) : (found, null);
        }
        catch (RpcException e)
        {
            return (null, ProcessProblems.Of(e));
        }
    }
}
