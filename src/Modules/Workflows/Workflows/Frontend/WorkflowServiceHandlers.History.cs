using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TimeSkipping;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>What executions are and were. Reading wakes no grain; only waiting does.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    private const int MaxEventsPerPage = 1_000;
    private const int MaxBytesPerPage = 4 * 1024 * 1024;

    [Rpc("raw histories", Access = RpcAccess.ReadOwn)]
    public async Task<GetWorkflowExecutionHistoryResponse> GetWorkflowExecutionHistory(GetWorkflowExecutionHistoryRequest request, ServerCallContext context)
    {
        CheckExecution(request.Execution);
        var ns = await NamespaceAsync(request.Namespace, context);
        var key = new ExecutionKey(ns.Id, request.Execution.WorkflowId);
        var page = HistoryPage.Read(request.NextPageToken, request.Execution.RunId);
        if (await executions.FindRunAsync(key, page.RunId, context.CancellationToken) is not { } run)
        {
            return await ArchivedHistoryAsync(ns, request, page, context.CancellationToken) ?? throw NoRun(key, page.RunId);
        }

        page = page with { RunId = run.RunId };
        var onlyEnd = request.HistoryEventFilterType == HistoryEventFilterType.CloseEvent;
        if (request.WaitNewEvent && run.IsRunning && (onlyEnd || page.NextId >= run.NextEventId))
        {
            await grains.GetGrain<IExecutionGrain>(key.ToString()).WaitAsync(run.RunId, page.NextId, onlyEnd).WaitAsync(context.CancellationToken);
            run = await RunAsync(key, run.RunId, context.CancellationToken);
        }

        if (onlyEnd)
        {
            return run.IsRunning && request.WaitNewEvent ? Page([], page)
                : Page(await executions.EventsAsync(run.RunId, run.NextEventId - 1, run.NextEventId - 1, 1, MaxBytesPerPage, context.CancellationToken), null);
        }

        var size = request.MaximumPageSize is > 0 and < MaxEventsPerPage ? request.MaximumPageSize : MaxEventsPerPage;
        var events = await executions.EventsAsync(run.RunId, page.NextId, run.NextEventId - 1, size, MaxBytesPerPage, context.CancellationToken);
        var next = events.Count > 0 ? events[^1].EventId + 1 : page.NextId;
        var isLast = next >= run.NextEventId;
        if (isLast && !request.WaitNewEvent && page.NextId < run.NextEventId)
        {
            // A worker that lost the run from its cache reads what it was given of a task that is not in the history yet.
            events.AddRange(MayHoldTask(run) ? await OpenTaskAsync(key, run) : WorkflowTaskRules.Suffix(run));
        }

        return Page(events, isLast && !(request.WaitNewEvent && run.IsRunning) ? null : page with { NextId = next });
    }

    /// <summary>The last event first. As with Temporal's server nobody looks into the archive for it.</summary>
    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<GetWorkflowExecutionHistoryReverseResponse> GetWorkflowExecutionHistoryReverse(
        GetWorkflowExecutionHistoryReverseRequest request, ServerCallContext context)
    {
        CheckExecution(request.Execution);
        var ns = await NamespaceAsync(request.Namespace, context);
        var page = HistoryPage.Read(request.NextPageToken, request.Execution.RunId);
        var run = await RunAsync(new ExecutionKey(ns.Id, request.Execution.WorkflowId), page.RunId, context.CancellationToken);
        var last = request.NextPageToken.IsEmpty ? run.NextEventId - 1 : page.NextId;
        var size = request.MaximumPageSize is > 0 and < MaxEventsPerPage ? request.MaximumPageSize : MaxEventsPerPage;
        var events = await executions.EventsAsync(run.RunId, 1, last, size, MaxBytesPerPage, context.CancellationToken, isReverse: true);
        var next = events.Count > 0 && events[^1].EventId > 1 ? new HistoryPage(run.RunId, events[^1].EventId - 1) : null;
        return new GetWorkflowExecutionHistoryReverseResponse
        {
            History = new History { Events = { events } },
            NextPageToken = next is null ? ByteString.Empty : next.ToToken(),
        };
    }

    [Rpc("pauses", Access = RpcAccess.ReadOwn)]
    public async Task<DescribeWorkflowExecutionResponse> DescribeWorkflowExecution(DescribeWorkflowExecutionRequest request, ServerCallContext context)
    {
        CheckExecution(request.Execution);
        var ns = await NamespaceAsync(request.Namespace, context);
        var key = new ExecutionKey(ns.Id, request.Execution.WorkflowId);
        var run = await RunAsync(key, request.Execution.RunId, context.CancellationToken);
        if (run.WorkflowTask is { IsStarted: false } task && (await OpenTaskAsync(key, run)).LastOrDefault() is { } started)
        {
            (task.StartedId, task.StartedAt) = (started.EventId, started.EventTime.ToDateTimeOffset());
        }

        var described = Description.Of(run);
        described.WorkflowExtendedInfo.TimeSkippingInfo = SkipDescription.Of(run, clock.GetUtcNow());
        return await WithNexusAsync(run, described, context.CancellationToken);
    }

    /// <summary>Whether its execution may hold in memory a task, or the start of one, that is in no row.</summary>
    private static bool MayHoldTask(RunState run) => run.IsRunning && (run.StickyQueue.Length > 0 || run.WorkflowTask is { IsStarted: false });

    /// <summary>What the execution was given of its open task that is not stored.</summary>
    private async Task<IEnumerable<HistoryEvent>> OpenTaskAsync(ExecutionKey key, RunState run)
    {
        var shown = (await grains.GetGrain<IExecutionGrain>(key.ToString()).OpenTaskAsync(run.RunId)).Select(HistoryEvent.Parser.ParseFrom).ToList();
        return shown is [{ EventId: var first }, ..] && first == run.NextEventId ? shown : [];
    }

    private static GetWorkflowExecutionHistoryResponse Page(IEnumerable<HistoryEvent> events, HistoryPage? next) => new()
    {
        History = new History { Events = { events } },
        NextPageToken = next is null ? ByteString.Empty : next.ToToken(),
    };

    private async Task<RunState> RunAsync(ExecutionKey key, string runId, CancellationToken ct) =>
        await executions.FindRunAsync(key, runId, ct) ?? throw NoRun(key, runId);

    private static RpcException NoRun(ExecutionKey key, string runId) => RpcErrors.NotFound(
        runId.Length > 0 ? $"workflow execution not found for workflow ID \"{key.WorkflowId}\" and run ID \"{runId}\"" : $"workflow not found for ID: {key.WorkflowId}");
}
