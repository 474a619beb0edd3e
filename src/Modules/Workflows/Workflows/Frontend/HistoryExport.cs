using System.Runtime.CompilerServices;
using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Console;
using Flagstone.Workflows.Console.Archive;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Servers;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Answers the history of a run as JSON; of one that is in the archive alone, from there.</summary>
internal sealed class HistoryExport(
    NamespaceReader namespaces, RunReader runs, ArchiveReader archive, HistoryReader histories, InstallationServer server)
{
    public async Task<IResult> AnswerAsync(Caller caller, string ns, string runId, CancellationToken ct)
    {
        if (AccessRules.RefuseWorkflowLists(caller, ns) is { } why)
        {
            return Catalogue.Forbidden(caller.Name, "get", Evidence.Key(ns, runId), why).ToResult();
        }

        try
        {
            if (await namespaces.FindAsync(caller, ns, ct) is null)
            {
                return Catalogue.NotFound(WorkflowNamespaceKind.Namespace.Key("", ns)).ToResult();
            }

            var run = (await runs.FindAsync(caller, ns, runId, ct))?.WorkflowExecutionInfo ?? await archive.FindAsync(caller, ns, runId, ct);
            if (run is null)
            {
                return Catalogue.NotFound(Evidence.Key(ns, runId)).ToResult();
            }

            // A page is read before the answer begins: a server that is down is a problem, and not an answer that ends too soon.
            var events = histories.AllAsync(caller, ns, run.Execution, ct).GetAsyncEnumerator(ct);
            var isThere = await events.MoveNextAsync();
            return Results.Stream(body => HistoryText.WriteAsync(body, AllAsync(events, isThere, ct), ct), "application/json");
        }
        catch (RpcException e) when (ServerFailure.Problem(server, e) is { } problem)
        {
            return problem.ToResult();
        }
    }

    /// <param name="isThere">Whether there is a current event.</param>
    private static async IAsyncEnumerable<HistoryEvent> AllAsync(IAsyncEnumerator<HistoryEvent> events, bool isThere, [EnumeratorCancellation] CancellationToken ct)
    {
        await using (events)
        {
            while (isThere)
            {
                ct.ThrowIfCancellationRequested();
                yield return events.Current;
                isThere = await events.MoveNextAsync();
            }
        }
    }
}
