using System.Globalization;
using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Workflows.People;

/// <summary>What workflows ask people to decide.</summary>
internal static class HumanTaskEndpoints
{
    private const string Origin = "api";

    public static IEndpointRouteBuilder MapHumanTasks(this IEndpointRouteBuilder app)
    {
        var tasks = app.MapGroup("/api/v1/humantasks").WithTags("Human tasks").RequireCaller().ProducesProblem(StatusCodes.Status403Forbidden);
        tasks.MapGet("/", ListAsync).WithSummary("Lists what people are asked to decide, the latest first").WithName("ListHumanTasks");
        tasks.MapGet("/{id}", GetAsync).WithSummary("Gets a task, and says whether you can decide it").WithName("GetHumanTask")
            .ProducesProblem(StatusCodes.Status404NotFound);
        tasks.MapPost("/{id}/decision", DecideAsync).WithSummary("Decides a task; the workflow goes on with it").WithName("DecideHumanTask")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        tasks.MapPost("/{id}/delegation", DelegateAsync).WithSummary("Lets somebody else decide too").WithName("DelegateHumanTask")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        return app;
    }

    /// <param name="state"><c>open</c>, which is the default, or <c>closed</c>.</param>
    /// <param name="mine">True for those alone that you can decide now.</param>
    /// <param name="ns">The workflow namespace's name; absent for all that you may list.</param>
    private static async Task<Results<Ok<Page<HumanTaskView>>, ProblemHttpResult>> ListAsync(
        CallerContext context, HumanTasks tasks, string? state, bool? mine, [Microsoft.AspNetCore.Mvc.FromQuery(Name = "namespace")] string? ns, string? cursor,
        int? limit, CancellationToken ct)
    {
        var caller = context.Caller;
        if (state is not (null or "open" or "closed"))
        {
            return Catalogue.BadRequest($"The parameter 'state' cannot be '{state}'. Use open or closed.").ToResult();
        }

        ns = string.IsNullOrEmpty(ns) ? caller.Namespace : ns;
        if (AccessRules.RefuseWorkflowLists(caller, ns) is { } why)
        {
            return Catalogue.Forbidden(caller.Name, "list", HumanTaskProblems.Key(ns, ""), why).ToResult();
        }

        HumanTaskPosition? after = null;
        if (!string.IsNullOrEmpty(cursor) && (after = Position(cursor)) is null)
        {
            return Cursors.Unknown().ToResult();
        }

        if (mine == true && AccessRules.RefuseDecisions(caller, ns) is not null)
        {
            return TypedResults.Ok(new Page<HumanTaskView>([], null));
        }

        var query = new HumanTaskQuery(state != "closed", ns, mine == true ? await tasks.DeciderAsync(caller, ct) : null);
        var (rows, next) = await tasks.ListAsync(query, after, Cursors.Limit(limit), ct);
        return TypedResults.Ok(new Page<HumanTaskView>([.. rows.Select(r => HumanTaskView.Of(r))], next is null ? null : Text(next)));
    }

    private static async Task<Results<Ok<HumanTaskView>, ProblemHttpResult>> GetAsync(CallerContext context, string id, HumanTasks tasks, CancellationToken ct)
    {
        var (row, problem) = await FindAsync(context.Caller, id, tasks, ct);
        return row is null ? problem!.ToResult() : TypedResults.Ok(HumanTaskView.Of(row, await tasks.RefuseAsync(context.Caller, row, ct)));
    }

    private static Task<Results<Ok<HumanTaskView>, ProblemHttpResult>> DecideAsync(
        CallerContext context, string id, DecideHumanTask body, HumanTasks tasks, CancellationToken ct) =>
        ActAsync(context.Caller, id, tasks, row => tasks.DecideAsync(context.Caller, row, body.Decision ?? "", body.Reason ?? "", Origin), ct);

    private static Task<Results<Ok<HumanTaskView>, ProblemHttpResult>> DelegateAsync(
        CallerContext context, string id, DelegateHumanTask body, HumanTasks tasks, CancellationToken ct) =>
        ActAsync(context.Caller, id, tasks, row => tasks.DelegateAsync(context.Caller, row, body.To ?? "", body.Reason ?? "", Origin), ct);

    private static async Task<Results<Ok<HumanTaskView>, ProblemHttpResult>> ActAsync(
        Caller caller, string id, HumanTasks tasks, Func<HumanTaskRow, Task<HumanReply>> act, CancellationToken ct)
    {
        var (row, problem) = await FindAsync(caller, id, tasks, ct);
        if (row is null)
        {
            return problem!.ToResult();
        }

        var reply = await act(row);
        if (reply.Outcome != HumanOutcome.Done)
        {
            return HumanTaskProblems.Of(row, reply).ToResult();
        }

        var after = await tasks.FindAsync(id, ct) ?? row;
        return TypedResults.Ok(HumanTaskView.Of(after, await tasks.RefuseAsync(caller, after, ct)));
    }

    private static async Task<(HumanTaskRow? Row, Problem? Problem)> FindAsync(Caller caller, string id, HumanTasks tasks, CancellationToken ct) =>
        await tasks.FindAsync(id, ct) is not { } row ? (null, HumanTaskProblems.NoSuchTask(id))
        : AccessRules.RefuseWorkflowLists(caller, row.NamespaceName) is { } why
            ? (null, Catalogue.Forbidden(caller.Name, "get", HumanTaskProblems.Key(row.NamespaceName, id), why))
        : (row, null);

    internal static HumanTaskPosition? Position(string cursor) =>
        Cursors.TryRead(cursor, 3, out var parts) && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at)
        && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var eventId) ? new HumanTaskPosition(at, parts[1], eventId) : null;

    internal static string Text(HumanTaskPosition position) => Cursors.Of(
        position.At.ToString(CultureInfo.InvariantCulture), position.Run, position.Event.ToString(CultureInfo.InvariantCulture));
}
