using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.People;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Deployment.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Workflow tasks: polled, completed and failed by workers.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    /// <summary>A poll that no task came for is answered empty after this time, and the worker polls again.</summary>
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(60);

    /// <summary>An answer is on its way before the caller's deadline.</summary>
    private static readonly TimeSpan ReturnTime = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ShortestDeadline = TimeSpan.FromSeconds(2);

    [Rpc("poller groups; the history comes in one page")]
    public async Task<PollWorkflowTaskQueueResponse> PollWorkflowTaskQueue(PollWorkflowTaskQueueRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.TaskQueue?.Name, "TaskQueue");
        var ns = await NamespaceAsync(request.Namespace, context);
        var isSticky = request.TaskQueue!.Kind == TaskQueueKind.Sticky;
        var answer = await PollAsync(
            new TaskQueueKey(ns.Id, TaskKind.Workflow, request.TaskQueue.Name), request.Identity, request.WorkerInstanceKey, request.DeploymentOptions, context,
            isSticky ? request.TaskQueue.NormalName : "");
        if (answer.Message is not { Length: > 0 })
        {
            return new PollWorkflowTaskQueueResponse();
        }

        var task = answer.As<PollWorkflowTaskQueueResponse>();
        if (task.Query is null || !isSticky)
        {
            await AddHistoryAsync(task, isSticky);
        }

        return task;
    }

    [Rpc("children and signals in other namespaces")]
    public async Task<RespondWorkflowTaskCompletedResponse> RespondWorkflowTaskCompleted(RespondWorkflowTaskCompletedRequest request, ServerCallContext context)
    {
        var (ns, token) = await TokenAsync(request.Namespace, request.TaskToken, context);
        CheckVersion(request);
        foreach (var command in request.Commands)
        {
            var given = command.UpsertWorkflowSearchAttributesCommandAttributes?.SearchAttributes
                ?? command.ContinueAsNewWorkflowExecutionCommandAttributes?.SearchAttributes
                ?? command.StartChildWorkflowExecutionCommandAttributes?.SearchAttributes;
            if (given is { } attributes)
            {
                // What is unknown stays without a type, and fails the workflow task.
                RequestChecks.Annotate(attributes.IndexedFields, ns.SearchAttributes);
            }
        }

        var response = Read<RespondWorkflowTaskCompletedResponse>(await Execution(ns, token.WorkflowId).CompleteWorkflowTaskAsync(CallOf(request, token.RunId, context), token));
        if (response.WorkflowTask is { } next)
        {
            await AddHistoryAsync(next, request.StickyAttributes is not null);
        }

        return response;
    }

    [Rpc]
    public async Task<RespondWorkflowTaskFailedResponse> RespondWorkflowTaskFailed(RespondWorkflowTaskFailedRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Failure, "RespondWorkflowTaskFailedRequest.Failure");
        var (ns, token) = await TokenAsync(request.Namespace, request.TaskToken, context);
        return Read<RespondWorkflowTaskFailedResponse>(await Execution(ns, token.WorkflowId).FailWorkflowTaskAsync(CallOf(request, token.RunId, context), token));
    }

    [Rpc("the polls that wait in other processes of the installation")]
    public async Task<ShutdownWorkerResponse> ShutdownWorker(ShutdownWorkerRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        if (request.WorkerHeartbeat is { WorkerInstanceKey.Length: > 0 } last)
        {
            await HearAsync(ns.Id, [last]);
        }

        if (request.WorkerInstanceKey.Length > 0)
        {
            await polls.EndAsync(request.WorkerInstanceKey);
        }

        if (request.StickyTaskQueue.Length > 0)
        {
            await Queue(new TaskQueueKey(ns.Id, TaskKind.Workflow, request.StickyTaskQueue)).DropAsync();
        }

        return new ShutdownWorkerResponse();
    }

    private ITaskQueueGrain Queue(TaskQueueKey key) => grains.GetGrain<ITaskQueueGrain>(key.ToString());

    /// <param name="normal">Of a worker's own queue: the queue that it belongs to.</param>
    private async Task<Answer> PollAsync(
        TaskQueueKey key, string identity, string worker, WorkerDeploymentOptions? deployment, ServerCallContext context, string normal = "")
    {
        if (PeopleQueue.Is(key.Name))
        {
            throw RpcErrors.InvalidArgument(PeopleQueue.NoPolls);
        }

        var deployed = await SeenAsync(key, deployment, normal, context);
        var now = clock.GetUtcNow();
        var deadline = context.Deadline == DateTime.MaxValue ? DateTimeOffset.MaxValue : new DateTimeOffset(context.Deadline.ToUniversalTime(), TimeSpan.Zero);
        if (deadline - now < ShortestDeadline)
        {
            throw RpcErrors.InvalidArgument("The deadline of a poll is too short.");
        }

        var until = deadline - ReturnTime < now + LongestPoll ? deadline - ReturnTime : now + LongestPoll;
        using var parked = polls.Enter(worker, context.CancellationToken);
        var queue = Queue(key);
        while (!parked.Ended.IsCancellationRequested && until - clock.GetUtcNow() is var left && left > TimeSpan.Zero)
        {
            var poll = new Poll(Guid.NewGuid(), identity, CallerInterceptor.Of(context).Name, left, deployed, normal);
            await using (parked.Ended.Register(() => queue.EndPollAsync(poll.Id).Ignore()))
            {
                if (await queue.PollAsync(poll) is { Message.Length: > 0 } answer)
                {
                    return answer;
                }
            }
        }

        return default;
    }

    /// <summary>Puts the stored history before what the task has of it.</summary>
    /// <param name="isPartial">For a worker that has the run in its cache: what came since its last task alone.</param>
    private async Task AddHistoryAsync(PollWorkflowTaskQueueResponse task, bool isPartial)
    {
        var first = isPartial ? task.PreviousStartedEventId + 1 : 1;
        var suffix = task.History.Events.Where(e => e.EventId >= first).ToList();
        var last = task.Query is not null ? long.MaxValue : suffix.Count > 0 ? suffix[0].EventId - 1 : task.StartedEventId;
        List<HistoryEvent> events = last < first ? [] : await executions.EventsAsync(
            task.WorkflowExecution.RunId, first, last, HistoryLimits.MaxEvents, HistoryLimits.MaxBytes, CancellationToken.None);
        task.History.Events.Clear();
        task.History.Events.Add(events);
        task.History.Events.Add(suffix);
    }

    private async Task<(WorkflowNamespace Namespace, TaskToken Token)> TokenAsync(string name, ByteString bytes, ServerCallContext context)
    {
        var token = TaskToken.Read(bytes) ?? throw RpcErrors.InvalidArgument("Error deserializing task token.");
        var ns = await NamespaceAsync(name, context);
        return token.Namespace == ns.Id ? (ns, token) : throw RpcErrors.InvalidArgument("Operation requested with a token from a different namespace.");
    }
}
