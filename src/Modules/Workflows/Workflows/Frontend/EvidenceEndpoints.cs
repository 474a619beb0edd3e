using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Workflows.Frontend;

/// <summary>Whether the stored history of a workflow run is the one that the ledger knows.</summary>
/// <param name="Namespace">The workflow namespace's name.</param>
/// <param name="Verdict">
/// <c>Verified</c>; <c>Altered</c>: something was changed after the run's end; <c>Open</c>: the run has not ended; <c>Unknown</c>: the ledger has no row of it.
/// </param>
/// <param name="Status">The run's status, as Temporal names it.</param>
/// <param name="Events">How many events are stored; of a run that is in the archive alone, there.</param>
/// <param name="Digest">
/// Of the stored events, lower-case hexadecimal: of none 32 zero bytes, else SHA-256 over the digest of all before the last and the last event's bytes, a
/// <c>temporal.api.history.v1.HistoryEvent</c>.
/// </param>
/// <param name="LedgerDigest">As the ledger has it; null where it has none.</param>
/// <param name="LedgerSequence">The ledger's row, whose proof is at <c>/log/proof/inclusion/SEQUENCE</c>; null where there is none.</param>
public sealed record RunEvidence(
    string Namespace, string WorkflowId, string RunId, string Verdict, string Status, long Events, string Digest, string? LedgerDigest, long? LedgerSequence);

/// <summary>Checks workflow runs against the ledger.</summary>
internal static class EvidenceEndpoints
{
    public static IEndpointRouteBuilder MapWorkflowEvidence(this IEndpointRouteBuilder app)
    {
        app.MapGroup("/api/v1/workflowruns").WithTags("Workflows").RequireCaller().ProducesProblem(StatusCodes.Status403Forbidden)
            .MapGet("/{ns}/{run}/evidence", CheckAsync)
            .WithSummary("Computes the digest of a workflow run's history anew, and compares it with the ledger's").WithName("CheckWorkflowRun");
        return app;
    }

    /// <param name="ns">The workflow namespace's name.</param>
    /// <param name="run">The run id.</param>
    private static async Task<Results<Ok<RunEvidence>, ProblemHttpResult>> CheckAsync(
        CallerContext context, string ns, string run, NamespaceCache namespaces, EvidenceCheck evidence, ArchiveEvidence archive,
        CancellationToken ct = default)
    {
        if (AccessRules.RefuseWorkflowLists(context.Caller, ns) is { } why)
        {
            return Catalogue.Forbidden(context.Caller.Name, "get", Evidence.Key(ns, run), why).ToResult();
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

        if (await evidence.CheckAsync(found.Id, run, ct) is { } result)
        {
            return TypedResults.Ok(new RunEvidence(
                ns, result.Run.WorkflowId, run, result.Verdict.ToString(), result.Run.Status.ToString(), result.Events, result.Digest, result.Row?.Digest,
                result.Row?.Sequence));
        }

        return await archive.CheckAsync(found, run, ct) is { Run: var archived } kept
            ? TypedResults.Ok(new RunEvidence(
                ns, archived.Execution.WorkflowId, run, kept.Verdict.ToString(), archived.Status.ToString(), kept.Events, kept.Digest, kept.Row?.Digest, kept.Row?.Sequence))
            : Catalogue.NotFound(Evidence.Key(ns, run)).ToResult();
    }
}
