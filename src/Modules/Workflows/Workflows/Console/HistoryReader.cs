using System.Runtime.CompilerServices;
using Flagstone.Platform.Identity;
using Flagstone.Workflows.Frontend;
using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console;

/// <summary>Reads histories by the messages of Temporal's API.</summary>
internal sealed class HistoryReader(ITemporalServer server)
{
    /// <summary>As many as a server gives at once.</summary>
    public const int MaxEvents = 1_000;

    /// <summary>
    /// Events in their order. A page token says nothing of where it begins, except to the server that made it: the embedded one begins at once, another one
    /// is read up to there.
    /// </summary>
    /// <param name="first">The id of the first event.</param>
    /// <param name="count">At most; no more than <see cref="MaxEvents"/>.</param>
    public async Task<List<HistoryEvent>> EventsAsync(Caller caller, string ns, WorkflowExecution run, long first, int count, CancellationToken ct)
    {
        var (token, size) = server.IsEmbedded ? (new HistoryPage(run.RunId, first).ToToken(), count) : (ByteString.Empty, MaxEvents);
        var events = new List<HistoryEvent>();
        do
        {
            var page = await server.CallAsync<GetWorkflowExecutionHistoryResponse>(
                caller, new GetWorkflowExecutionHistoryRequest { Namespace = ns, Execution = run, MaximumPageSize = size, NextPageToken = token }, "", ct);
            events.AddRange(page.History.Events.Where(e => e.EventId >= first).Take(count - events.Count));
            token = page.NextPageToken;
        }
        while (events.Count < count && !token.IsEmpty);
        return events;
    }

    /// <summary>The first events: as many as a server gives at once, and no more than <see cref="MaxEvents"/>.</summary>
    public async Task<IReadOnlyList<HistoryEvent>> FirstAsync(Caller caller, string ns, WorkflowExecution run, CancellationToken ct) =>
        (await server.CallAsync<GetWorkflowExecutionHistoryResponse>(
            caller, new GetWorkflowExecutionHistoryRequest { Namespace = ns, Execution = run, MaximumPageSize = MaxEvents }, "", ct)).History.Events;

    /// <summary>From the first event to the last that there is now.</summary>
    public async IAsyncEnumerable<HistoryEvent> AllAsync(
        Caller caller, string ns, WorkflowExecution run, [EnumeratorCancellation] CancellationToken ct)
    {
        var token = ByteString.Empty;
        do
        {
            var page = await server.CallAsync<GetWorkflowExecutionHistoryResponse>(
                caller, new GetWorkflowExecutionHistoryRequest { Namespace = ns, Execution = run, NextPageToken = token }, "", ct);
            foreach (var one in page.History.Events)
            {
                yield return one;
            }

            token = page.NextPageToken;
        }
        while (!token.IsEmpty);
    }

    /// <summary>The last events, the last one first.</summary>
    /// <param name="count">At most; no more than <see cref="MaxEvents"/>.</param>
    public async Task<IReadOnlyList<HistoryEvent>> LastAsync(Caller caller, string ns, RunView run, int count, CancellationToken ct)
    {
        if (!run.IsArchived)
        {
            return await LastAsync(caller, ns, run.Execution, count, ct);
        }

        // No server reads an archive from its end.
        var events = await EventsAsync(caller, ns, run.Execution, Math.Max(1, run.Events - count + 1), count, ct);
        events.Reverse();
        return events;
    }

    private async Task<IReadOnlyList<HistoryEvent>> LastAsync(Caller caller, string ns, WorkflowExecution run, int count, CancellationToken ct) =>
        (await server.CallAsync<GetWorkflowExecutionHistoryReverseResponse>(
            caller, new GetWorkflowExecutionHistoryReverseRequest { Namespace = ns, Execution = run, MaximumPageSize = count }, "", ct)).History.Events;
}
