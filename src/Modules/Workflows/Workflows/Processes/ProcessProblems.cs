using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Contracts.Processes;
using Grpc.Core;

namespace Flagstone.Workflows.Processes;

/// <summary>The problems of the processes' endpoints; each has its page in <c>docs/problems</c>.</summary>
internal static class ProcessProblems
{
    private static readonly KindId Kind = new("processes", "workflows.flagstone.dev");

    public static ResourceKey Key(string id) => new(Kind, "", id);

    public static Problem NoSuchKind(string name, IEnumerable<IProcessKind> kinds) => Catalogue.BadRequest(
        $"There is no kind of process '{name}'. Use one of: {string.Join(", ", kinds.Select(k => k.Name))}.");

    public static Problem NoSuchProcess(string id) => Catalogue.NotFound(Key(id)) with
    {
        Detail = $"There is no process '{id}'. GET /api/v1/processes lists those that run, and with ?state=closed those that ended.",
    };

    public static Problem? CheckReason(string reason) =>
        string.IsNullOrWhiteSpace(reason) ? Catalogue.BadRequest("The reason is not set. Say in a sentence why; who decides and the ledger keep it.")
        : reason.Length > ProcessRules.MaxReason ? Catalogue.BadRequest($"The reason has {reason.Length} characters. Use at most {ProcessRules.MaxReason}.")
        : null;

    /// <summary>A misspelt member must not let a process run with what it would do without.</summary>
    public static Problem? CheckMembers(IProcessKind kind, JsonObject input)
    {
        var known = (kind.Input["properties"] as JsonObject ?? []).Select(m => m.Key).ToList();
        ProblemCause[] unknown =
        [
            .. input.Where(m => !known.Contains(m.Key))
                .Select(m => new ProblemCause($"{ProcessRuns.InputField}{m.Key}", "FieldValueForbidden", $"It is not known. Use: {string.Join(", ", known)}.")),
        ];
        return unknown.Length > 0 ? Catalogue.BadFields(unknown) : null;
    }

    public static Problem UnderWay(IProcessKind kind, ProcessPlan plan, ProcessState? there) => new(
        409, "process-under-way", "Conflict", "It is under way already",
        $"'{kind.Title}' is under way for {plan.Subject} already{(there is null ? "" : $", asked for by {there.AskedBy}: process '{there.Id}'")}. Wait for its end, or take it back.");

    public static Problem Over(ProcessState process) => new(
        409, "process-over", "Conflict", "It is over", $"Process '{process.Id}' is over: {process.Stage}.");

    public static Problem PastRecall(ProcessState process, ProcessStep begun) => new(
        409, "process-past-recall", "Conflict", "It is too late",
        $"Process '{process.Id}' cannot be taken back any more: '{begun.Title}' was begun, and nothing undoes that. It goes to its end.");

    public static Problem Of(RpcException e) => Catalogue.StoreUnavailable(
        $"The Temporal server, on which the platform's processes run, did not do it: {e.Status.Detail.TrimEnd('.')}. Look whether the process is there before you try again.");
}
