using System.Runtime.CompilerServices;
using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.People.Outside;

/// <summary>What a run's history at the server elsewhere says of its activities. It is read from its end: what people are asked is near it.</summary>
internal sealed class OutsideHistory(ITemporalServer server)
{
    public static readonly Caller Caller = Caller.System("people");

    private const int PageSize = 200;

    /// <summary>No further back: 10,000 events. An activity that is older is taken for open until its run ends.</summary>
    private const int MaxPages = 50;

    /// <summary>Runs that a run continues, or whose child it is, are looked at for who started them; more are not.</summary>
    private const int MaxRuns = 4;

    /// <summary>How the identities of those begin who start runs for people of the platform; before it stands who.</summary>
    private const string By = " by flagstone-";

    public static bool EndsRun(EventType type) => type is EventType.WorkflowExecutionCompleted or EventType.WorkflowExecutionFailed
        or EventType.WorkflowExecutionTimedOut or EventType.WorkflowExecutionCanceled or EventType.WorkflowExecutionTerminated
        or EventType.WorkflowExecutionContinuedAsNew;

    /// <summary>The event that scheduled an activity which is under way; null where it is over.</summary>
    public async Task<HistoryEvent?> ScheduledAsync(OutsideAsk ask, CancellationToken ct)
    {
        var seen = new List<HistoryEvent>();
        await foreach (var one in BackAsync(ask.Namespace, new WorkflowExecution { WorkflowId = ask.WorkflowId, RunId = ask.RunId }, ct))
        {
            if (one.ActivityTaskScheduledEventAttributes?.ActivityId != ask.ActivityId)
            {
                seen.Add(one);
                continue;
            }

            var fate = new OutsideFateReader(one.EventId, ask.ActivityId);
            return seen.All(fate.Read) && fate.Fate.Phase == HumanTaskPhase.Open ? one : null;
        }

        return null;
    }

    /// <exception cref="RpcException">The server does not answer.</exception>
    public async Task<OutsideFate> FateAsync(HumanTaskRow row, CancellationToken ct)
    {
        var reader = new OutsideFateReader(row.EventId, row.ActivityId);
        try
        {
            await foreach (var one in BackAsync(row.NamespaceName, new WorkflowExecution { WorkflowId = row.WorkflowId, RunId = row.RunId }, ct))
            {
                if (!reader.Read(one))
                {
                    break;
                }
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return OutsideFate.Gone;
        }

        return reader.Fate;
    }

    /// <summary>Who started a run, or the first of those that it continues, or its parent; empty where the platform did not start it for somebody.</summary>
    public async Task<string> StarterAsync(string ns, WorkflowExecution run, CancellationToken ct)
    {
        for (var looked = 0; looked < MaxRuns; looked++)
        {
            if (await FirstAsync(ns, run, ct) is not { } started)
            {
                return "";
            }

            if (NameOf(started.Identity) is { Length: > 0 } name)
            {
                return name;
            }

            var next = started.FirstExecutionRunId.Length > 0 && started.FirstExecutionRunId != run.RunId
                ? new WorkflowExecution { WorkflowId = run.WorkflowId, RunId = started.FirstExecutionRunId } : started.ParentWorkflowExecution;
            if (next is null || (started.ParentWorkflowNamespace.Length > 0 && started.ParentWorkflowNamespace != ns))
            {
                return "";
            }

            run = next;
        }

        return "";
    }

    /// <summary>The name in <c>NAME by flagstone-PROGRAM</c>; empty for another identity.</summary>
    public static string NameOf(string identity) =>
        identity.LastIndexOf(By, StringComparison.Ordinal) is > 0 and var end && PrincipalNames.IsValid(identity[..end]) ? identity[..end] : "";

    private async Task<WorkflowExecutionStartedEventAttributes?> FirstAsync(string ns, WorkflowExecution run, CancellationToken ct)
    {
        try
        {
            var page = await server.CallAsync<GetWorkflowExecutionHistoryResponse>(
                Caller, new GetWorkflowExecutionHistoryRequest { Namespace = ns, Execution = run, MaximumPageSize = 1 }, "", ct);
            return page.History.Events.FirstOrDefault()?.WorkflowExecutionStartedEventAttributes;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // The server has deleted it.
            return null;
        }
    }

    private async IAsyncEnumerable<HistoryEvent> BackAsync(string ns, WorkflowExecution run, [EnumeratorCancellation] CancellationToken ct)
    {
        var token = ByteString.Empty;
        for (var read = 0; read < MaxPages; read++)
        {
            var page = await server.CallAsync<GetWorkflowExecutionHistoryReverseResponse>(Caller, new GetWorkflowExecutionHistoryReverseRequest
            {
                Namespace = ns, Execution = run, MaximumPageSize = PageSize, NextPageToken = token,
            }, "", ct);
            foreach (var one in page.History.Events)
            {
                yield return one;
            }

            token = page.NextPageToken;
            if (token.IsEmpty)
            {
                yield break;
            }
        }
    }
}
