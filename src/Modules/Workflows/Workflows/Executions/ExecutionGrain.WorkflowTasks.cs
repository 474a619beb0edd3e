using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Updates;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Workflow tasks: taken, completed and failed.</summary>
internal sealed partial class ExecutionGrain
{
    private const string InlineRequest = "request-from-RespondWorkflowTaskCompleted";

    public async Task<Answer> StartWorkflowTaskAsync(TaskStart start)
    {
        if (run is null || run.RunId != start.RunId || VersioningRules.IsStale(run, start))
        {
            return default;
        }

        VersioningRules.Note(run, start);
        // That it goes over to another version must outlive the process.
        var moves = VersioningRules.Moves(run, start);
        if (!moves && WorkflowTaskRules.StartsInMemory(run))
        {
            return StartInMemory(start);
        }

        var isSpeculative = !moves && run.WorkflowTask is { IsSpeculative: true };
        var change = isSpeculative ? new RunChange(run, clock.GetUtcNow(), By(start.Caller)) : Step(By(start.Caller));
        if (!WorkflowTaskRules.Start(change, start.EventId, start.Attempt, start.Identity, Stamp(), Stamp()))
        {
            Drop();
            return default;
        }

        if (moves)
        {
            VersioningRules.Move(change, start.Version);
            change.ChangesVersioning = true;
        }

        metrics.Started("workflow", RunNow - run.WorkflowTask!.ScheduledAt);
        if (isSpeculative)
        {
            HoldTask();
            return Answer.Of(TaskOf(run, again: true));
        }

        return await CommitAsync(change) is { } refusal ? refusal : Answer.Of(TaskOf(run, again: true));
    }

    private Answer StartInMemory(TaskStart start)
    {
        if (!WorkflowTaskRules.StartInMemory(run!, RunNow, By(start.Caller), start, Stamp(), Stamp()))
        {
            return default;
        }

        metrics.Started("workflow", RunNow - run!.WorkflowTask!.ScheduledAt);
        HoldTask();
        return Answer.Of(TaskOf(run, again: true));
    }

    public async Task<Answer> CompleteWorkflowTaskAsync(Call call, TaskToken token)
    {
        if (run is null || !WorkflowTaskRules.IsCurrent(run, token))
        {
            return Refusal.StaleWorkflowTask();
        }

        var request = RespondWorkflowTaskCompletedRequest.Parser.ParseFrom(call.Request);
        if (UpdateRules.OnlyRejects(run, request))
        {
            return SkipTask(request);
        }

        var stamp = run.WorkflowTask!.Stamp;
        var change = await StepAsync(call, mayEnd: request.Commands.Any(c => CommandRules.Closes(c.CommandType)));
        if (TaskCompletion.IsOverdue(change, request))
        {
            WorkflowTaskRules.TimeOut(change);
            return await CommitAsync(change) ?? Refusal.StaleWorkflowTask();
        }

        change.Endpoints = await EndpointsAsync(request.Commands);
        change.VersionQueues = await VersionQueuesAsync(request.Commands);
        if (TaskCompletion.Apply(change, request) is { } failure)
        {
            Drop();
            return await RejectAsync(failure, call, request.Identity);
        }

        var goesOn = VersioningRules.MayGoOn(run, request);
        if (request.ReturnNewWorkflowTask && goesOn && run.WorkflowTask is { } next)
        {
            WorkflowTaskRules.Start(change, next.ScheduledId, next.Attempt, request.Identity, Stamp(), InlineRequest);
        }

        var scheduled = StartEagerly(change, request, out var activities);
        if (await CommitAsync(change) is { } refusal)
        {
            return refusal;
        }

        if (!TaskCompletion.IsHeartbeat(request))
        {
            updates.RejectUnanswered(stamp);
        }

        Speculate(goesOn ? request : null);
        Answered(request);
        return Answer.Of(new RespondWorkflowTaskCompletedResponse
        {
            WorkflowTask = run.WorkflowTask is { IsStarted: true } ? TaskOf(run, again: false) : null,
            ActivityTasks = { activities.Zip(scheduled, (activity, attributes) => ActivityTasks.Fill(TaskOf(run, activity), attributes, run.NamespaceName)) },
        });
    }

    public async Task<Answer> FailWorkflowTaskAsync(Call call, TaskToken token)
    {
        if (run is null || !WorkflowTaskRules.IsCurrent(run, token))
        {
            return Refusal.StaleWorkflowTask();
        }

        var request = RespondWorkflowTaskFailedRequest.Parser.ParseFrom(call.Request);
        var change = Step(By(call.Caller));
        WorkflowTaskRules.Fail(change, request.Cause, request.Failure, request.Identity);
        return await CommitAsync(change) is { } refusal ? refusal : Answer.Of(new RespondWorkflowTaskFailedResponse());
    }

    public async Task<Answer> ResetStickyAsync(string runId, string queue)
    {
        if (run is null || (runId.Length > 0 && run.RunId != runId))
        {
            return await MissingAsync(runId);
        }

        if (run is { IsRunning: true, StickyQueue.Length: > 0 } && (queue.Length == 0 || run.StickyQueue == queue))
        {
            var change = Step();
            WorkflowTaskRules.ResetSticky(change);
            if (await CommitAsync(change) is { } refusal)
            {
                return refusal;
            }
        }

        return Answer.Of(new ResetStickyTaskQueueResponse());
    }

    /// <summary>The worker's commands are impossible. A first attempt is failed in the history; a later one runs into its timeout, which paces a poisoned run.</summary>
    private async Task<Answer> RejectAsync(CommandFailure failure, Call call, string identity)
    {
        var isUnhandled = failure.Cause == WorkflowTaskFailedCause.UnhandledCommand;
        if (!run!.WorkflowTask!.IsTransient || isUnhandled)
        {
            var change = Step(By(call.Caller));
            WorkflowTaskRules.Fail(
                change, failure.Cause, new Failure { Message = failure.Message, Source = "Server", ServerFailureInfo = new ServerFailureInfo { NonRetryable = true } }, identity);
            if (await CommitAsync(change) is { } refusal)
            {
                return refusal;
            }
        }

        return Refusal.InvalidArgument(isUnhandled ? failure.Message : $"{failure.Cause}: {failure.Message}");
    }

    /// <summary>The open task for its worker; of the history only what is not stored yet, or was stored lately. The rest is read where it is sent.</summary>
    /// <param name="again">Also the updates that a worker has been given before.</param>
    private PollWorkflowTaskQueueResponse TaskOf(RunState current, bool again)
    {
        var task = current.WorkflowTask!;
        return new PollWorkflowTaskQueueResponse
        {
            TaskToken = new TaskToken(key.Namespace, key.WorkflowId, current.RunId, task.ScheduledId, task.StartedId, task.Attempt, task.Stamp).ToBytes(),
            WorkflowExecution = new WorkflowExecution { WorkflowId = key.WorkflowId, RunId = current.RunId },
            WorkflowType = new WorkflowType { Name = current.Type },
            // A worker that has the run in its cache needs what came since alone.
            PreviousStartedEventId = current.LastCompletedStarted,
            StartedEventId = task.StartedId,
            Attempt = task.Attempt,
            WorkflowExecutionTaskQueue = new TaskQueue { Name = current.TaskQueue, Kind = TaskQueueKind.Normal },
            ScheduledTime = Timestamp.FromDateTimeOffset(task.ScheduledAt),
            StartedTime = Timestamp.FromDateTimeOffset(task.StartedAt),
            History = new History
            {
                // Who has the run in its cache needs what came since its last task; who has not, all.
                Events = { recent.From(current.RunId, task.Queue == current.TaskQueue ? 1 : current.LastCompletedStarted + 1), WorkflowTaskRules.Suffix(current) },
            },
            Messages = { updates.Send(task, again) },
            Queries = { queries.Send() },
        };
    }

    private static string Stamp() => Guid.NewGuid().ToString();
}
