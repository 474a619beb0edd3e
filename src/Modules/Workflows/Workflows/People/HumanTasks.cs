using System.Globalization;
using Flagstone.Catalog.Contracts;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.People.Outside;

namespace Flagstone.Workflows.People;

/// <summary>What people do with the tasks that workflows give them: for the REST API and the console, with the rights of who asks.</summary>
internal sealed class HumanTasks(HumanTaskStore store, ICatalog catalog, IGrainFactory grains, TimeProvider clock)
{
    public static readonly HumanReply Changed = new(HumanOutcome.Again, "The run changed meanwhile, and nothing was stored. Try again.");

    public static HumanReply Missing(HumanCall call) =>
        new(HumanOutcome.NotFound, $"There is no human task {call.RunId}.{call.EventId}. It may have been deleted with its run.");

    /// <summary>Of a task that nobody can decide any more: what became of it.</summary>
    public static HumanReply Over(HumanTaskRow row)
    {
        var at = row.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return new HumanReply(HumanOutcome.Conflict, row.Phase switch
        {
            HumanTaskPhase.Decided => $"'{row.Outcome?.By}' decided '{row.Outcome?.Decision}' at {at}: {row.Outcome?.Reason}",
            HumanTaskPhase.TimedOut => $"Nobody decided before its deadline; the workflow was told so at {at}.",
            HumanTaskPhase.Cancelled => $"The workflow needed it no longer, at {at}.",
            HumanTaskPhase.EndedElsewhere =>
                $"Somebody completed or failed it at the Temporal server itself, as was seen at {at}; the run's history names them.",
            _ => $"Its run ended, or was reset, at {at}.",
        });
    }

    /// <summary>The same decision again is done; any other comes too late.</summary>
    public static HumanReply Decided(HumanTaskRow row, HumanCall call) =>
        row.Outcome is { } made && made.By == call.Name && made.Decision == call.Choice ? HumanReply.Done : Over(row);

    /// <param name="id"><see cref="HumanTaskRow.Id"/>.</param>
    public async Task<HumanTaskRow?> FindAsync(string id, CancellationToken ct) =>
        id.Split('.') is [var run, var digits] && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var eventId)
            ? await store.FindAsync(run, eventId, ct) : null;

    /// <summary>The first of those that a run waits for; more are in the inbox.</summary>
    public Task<List<HumanTaskRow>> OpenAsync(string runId, CancellationToken ct) => store.OpenAsync(runId, ct);

    /// <summary>A page and where the next one begins; null on the last.</summary>
    public async Task<(List<HumanTaskRow> Rows, HumanTaskPosition? Next)> ListAsync(
        HumanTaskQuery query, HumanTaskPosition? after, int size, CancellationToken ct)
    {
        var rows = await store.ListAsync(query, after, size + 1, clock.GetUtcNow(), ct);
        if (rows.Count <= size)
        {
            return (rows, null);
        }

        var last = rows[size - 1];
        return (rows[..size], new HumanTaskPosition(Micros.From(last.At), last.RunId, last.EventId));
    }

    /// <summary>How many wait for somebody; no more than a hundred are counted.</summary>
    public async Task<int> CountAsync(Caller caller, CancellationToken ct) =>
        AccessRules.RefuseDecisions(caller, caller.Namespace) is not null ? 0
        : await store.CountAsync(new HumanTaskQuery(true, caller.Namespace, await DeciderAsync(caller, ct)), clock.GetUtcNow(), ct);

    /// <summary>Somebody with all of their teams that open tasks name.</summary>
    public async Task<Decider> DeciderAsync(Caller caller, CancellationToken ct) => await DeciderAsync(caller, await store.TeamsAsync(ct), ct);

    /// <summary>Why somebody cannot decide a task now, in words to them; null when they can.</summary>
    public async Task<string?> RefuseAsync(Caller caller, HumanTaskRow row, CancellationToken ct)
    {
        if (row.Phase != HumanTaskPhase.Open)
        {
            return Over(row).Why;
        }

        var decider = await DeciderAsync(caller, Named(row), ct);
        return Rights(caller, row) ?? row.Refuse(caller.Name, decider.Subjects, clock.GetUtcNow());
    }

    public Task<HumanReply> DecideAsync(Caller caller, HumanTaskRow row, string decision, string reason, string origin) =>
        CallAsync(caller, row, decision, reason, origin, call => row.IsOutside ? Outside(row).DecideAsync(call) : Execution(row).DecideAsync(call));

    /// <param name="to">A subject.</param>
    public async Task<HumanReply> DelegateAsync(Caller caller, HumanTaskRow row, string to, string reason, string origin) =>
        Subject.TeamOf(to) is { } team && await catalog.FindTeamAsync(team, CancellationToken.None) is null
            ? new HumanReply(HumanOutcome.Invalid, $"There is no team '{team}' in the catalog. Name one that GET /api/v1/teams lists.")
            : await CallAsync(
                caller, row, to, reason, origin, call => row.IsOutside ? Outside(row).DelegateAsync(call) : Execution(row).DelegateAsync(call));

    private async Task<HumanReply> CallAsync(
        Caller caller, HumanTaskRow row, string choice, string reason, string origin, Func<HumanCall, Task<HumanReply>> call)
    {
        if (Rights(caller, row) is { } why)
        {
            return new HumanReply(HumanOutcome.Forbidden, why);
        }

        // What has begun is finished, though who asked may be gone.
        var decider = await DeciderAsync(caller, Named(row), CancellationToken.None);
        return await call(new HumanCall(
            row.RunId, row.EventId, caller.Name, caller.Actor.Id, [.. decider.Subjects], choice.Trim(), reason.Trim(), origin));
    }

    private IExecutionGrain Execution(HumanTaskRow row) =>
        grains.GetGrain<IExecutionGrain>(new ExecutionKey(row.Namespace, row.WorkflowId).ToString());

    private IOutsideRunGrain Outside(HumanTaskRow row) => grains.GetGrain<IOutsideRunGrain>(row.RunId);

    private static string? Rights(Caller caller, HumanTaskRow row) =>
        AccessRules.RefuseDecisions(caller, row.NamespaceName) is { } why ? $"You may not decide in namespace '{row.NamespaceName}': {why}." : null;

    private static IEnumerable<string> Named(HumanTaskRow row) =>
        row.Request.Assignees.Concat(row.Request.EscalateTo).Concat(row.Live.Delegations.Select(d => d.To)).Distinct();

    /// <param name="named">The subjects, of which the teams are asked for.</param>
    private async Task<Decider> DeciderAsync(Caller caller, IEnumerable<string> named, CancellationToken ct)
    {
        var subjects = new List<string> { Subject.OfUser(caller.Name), Subject.OfRole(caller.Role) };
        foreach (var subject in named)
        {
            if (Subject.TeamOf(subject) is { } team && await catalog.FindTeamAsync(team, ct) is { } facts && facts.Has(caller.Name))
            {
                subjects.Add(subject);
            }
        }

        return new Decider(caller.Name, subjects);
    }
}
