using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Updates;
using Flagstone.Workflows.Versioning;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Update.V1;
using Temporalio.Api.WorkflowService.V1;
using UpdateRequest = Temporalio.Api.Update.V1.Request;

namespace Flagstone.Workflows.Executions;

/// <summary>Updates: asked for, given to a worker, and waited for. What is not accepted is in memory alone, and so is a workflow task for it.</summary>
internal sealed partial class ExecutionGrain
{
    /// <summary>A workflow task that fails so often will not be done soon: who waits for an update is told so.</summary>
    private const int PoisonedAttempts = 3;

    private readonly UpdateRegistry updates = new();

    /// <summary>The workflow task of which something is in memory alone; a copy, from which a step that is dropped is undone.</summary>
    private WorkflowTaskState? unstoredTask;

    public async Task<Admission> AdmitUpdateAsync(Call call)
    {
        var request = UpdateWorkflowExecutionRequest.Parser.ParseFrom(call.Request);
        var id = request.Request.Meta.UpdateId;
        if (run is null || (call.RunId.Length > 0 && call.RunId != run.RunId))
        {
            return call.RunId.Length > 0 && await store.FindRunAsync(key, call.RunId, CancellationToken.None) is { } older && older.Updates.ContainsKey(id)
                ? Admission.Over(older.RunId, await EndOfAsync(older, id)) : Admission.Over("", await MissingAsync(call.RunId));
        }

        if (IsOfAnotherChain(run, request.FirstExecutionRunId))
        {
            return Admission.Over(run.RunId, Refusal.NotFound("Workflow execution not found."));
        }

        if (CallerAct.Of(call, CallerAct.Update) is { } act)
        {
            // What is not accepted is kept nowhere else: the row says that it was asked for.
            await store.RecordAsync(run, act, CancellationToken.None);
        }

        return await AdmitAsync(run, request.Request);
    }

    public async Task<Admission> StartWithUpdateAsync(Call call, byte[] update)
    {
        var start = StartWorkflowExecutionRequest.Parser.ParseFrom(call.Request);
        var request = UpdateWorkflowExecutionRequest.Parser.ParseFrom(update).Request;
        // The same update again is answered, whatever became of the run meanwhile.
        if (run is null || (!run.Updates.ContainsKey(request.Meta.UpdateId) && updates.Find(request.Meta.UpdateId) is null))
        {
            var answer = await StartAsync(call);
            if (answer.Refusal is not null)
            {
                return Admission.NotStarted(answer);
            }

            var started = answer.As<StartWorkflowExecutionResponse>();
            return await AdmitAsync(run!, request) with { Started = started.Started };
        }

        return await AdmitAsync(run, request) with { Started = run.RequestId == start.RequestId };
    }

    public async Task<Answer> WaitUpdateAsync(Guid ticket, UpdateWorkflowExecutionLifecycleStage stage, TimeSpan most)
    {
        if (updates.Redeem(ticket) is not { } entry)
        {
            return UpdateFailures.Aborted();
        }

        await entry.WaitAsync(stage, Least(most), clock, lifetime.ApplicationStopping);
        return StateOf(entry, committed.RunId);
    }

    public async Task<Answer> PollUpdateAsync(string runId, string id, UpdateWorkflowExecutionLifecycleStage stage, TimeSpan most)
    {
        var current = committed.RunId;
        if (run is null || (runId.Length > 0 && runId != current))
        {
            return runId.Length > 0 && await store.FindRunAsync(key, runId, CancellationToken.None) is { } older ? await EndOfAsync(older, id) : await MissingAsync(runId);
        }

        var entry = updates.Find(id);
        if (entry is null && committed.IsRunning && run.Updates.TryGetValue(id, out var state) && state.CompletedId == 0)
        {
            entry = updates.Add(id, new UpdateRequest(), UpdateWorkflowExecutionLifecycleStage.Accepted);
        }

        entry ??= FromHistory(run, id, new UpdateRequest());
        if (entry is null)
        {
            return await EndOfAsync(run, id);
        }

        await entry.WaitAsync(stage, Least(most), clock, lifetime.ApplicationStopping);
        return StateOf(entry, current);
    }

    public Task<byte[][]> OpenTaskAsync(string runId) =>
        Task.FromResult<byte[][]>(run?.RunId == runId ? [.. WorkflowTaskRules.Suffix(run).Select(e => Google.Protobuf.MessageExtensions.ToByteArray(e))] : []);

    private static TimeSpan Least(TimeSpan most) => most < LongestWait ? most : LongestWait;

    private async Task<Admission> AdmitAsync(RunState of, UpdateRequest request)
    {
        var id = request.Meta.UpdateId;
        if (of.Updates.TryGetValue(id, out var known) && (known.CompletedId > 0 || !of.IsRunning))
        {
            return Admission.Over(of.RunId, await EndOfAsync(of, id));
        }

        var entry = updates.Find(id)
            ?? (known is not null ? updates.Add(id, request, UpdateWorkflowExecutionLifecycleStage.Accepted) : FromHistory(of, id, request));
        if (entry is null)
        {
            if (Refuse(of) is { } refusal)
            {
                return Admission.Over(of.RunId, refusal);
            }

            entry = updates.Add(id, request, UpdateWorkflowExecutionLifecycleStage.Admitted);
            Speculate(null);
        }

        return new Admission(of.RunId, updates.Ticket(entry, clock.GetUtcNow()), default, false);
    }

    /// <summary>An update that the worker reads in the history, since a reset; null for one that is not there, or no longer waits.</summary>
    private UpdateEntry? FromHistory(RunState of, string id, UpdateRequest request) => of.AdmittedUpdates.Contains(id)
        ? updates.Add(id, request, UpdateWorkflowExecutionLifecycleStage.Admitted, isInHistory: true) : null;

    private Refusal? Refuse(RunState of) =>
        !of.IsRunning ? Refusal.Completed()
        : of.WorkflowTask?.Attempt >= PoisonedAttempts ? UpdateFailures.NotReady()
        : updates.Count >= UpdateRegistry.MaxInFlight ? UpdateFailures.TooManyInFlight()
        : of.Updates.Count + updates.Count >= UpdateRules.MaxTotal ? UpdateFailures.TooMany()
        : null;

    /// <summary>How an update ended that nobody works on any more.</summary>
    private async Task<Answer> EndOfAsync(RunState of, string id)
    {
        if (!of.Updates.TryGetValue(id, out var state))
        {
            return Refusal.NotFound($"update \"{id}\" not found");
        }

        if (state.CompletedId == 0)
        {
            return of.IsRunning ? UpdateFailures.Aborted() : StateOf(of.RunId, id, new Outcome { Failure = UpdateFailures.WorkflowCompleted() }, UpdateWorkflowExecutionLifecycleStage.Completed);
        }

        var events = await store.EventsAsync(of.RunId, state.CompletedId, state.CompletedId, 1, long.MaxValue, CancellationToken.None);
        return events is [{ WorkflowExecutionUpdateCompletedEventAttributes: { } completed }]
            ? StateOf(of.RunId, id, completed.Outcome, UpdateWorkflowExecutionLifecycleStage.Completed) : UpdateFailures.Aborted();
    }

    private Answer StateOf(UpdateEntry entry, string runId) => entry.Aborted is { } why ? why : StateOf(runId, entry.Id, entry.Outcome, entry.Stage);

    private Answer StateOf(string runId, string id, Outcome? outcome, UpdateWorkflowExecutionLifecycleStage stage) => Answer.Of(new PollWorkflowExecutionUpdateResponse
    {
        UpdateRef = new UpdateRef { UpdateId = id, WorkflowExecution = new WorkflowExecution { WorkflowId = key.WorkflowId, RunId = runId } }, Outcome = outcome, Stage = stage,
    });

    /// <summary>Where updates wait and no task would bring them to a worker, makes one.</summary>
    /// <param name="from">The answer of a worker that takes the task at once, if it wants; null for none.</param>
    private void Speculate(RespondWorkflowTaskCompletedRequest? from)
    {
        if (!updates.IsWaiting || WorkflowTaskRules.Speculate(run!, RunNow) is not { } task)
        {
            return;
        }

        if (from is { ReturnNewWorkflowTask: true })
        {
            WorkflowTaskRules.Start(new RunChange(run!, clock.GetUtcNow()), task.ScheduledId, task.Attempt, from.Identity, Stamp(), InlineRequest);
        }
        else
        {
            var queue = new TaskQueueKey(key.Namespace, TaskKind.Workflow, task.Queue);
            var hint = new QueuedTask(
                key.WorkflowId, run!.RunId, task.ScheduledId, task.Attempt, Platform.Storage.Micros.From(RunTime.Wall(run, task.ScheduledAt)),
                task.Queue != run.TaskQueue, VersioningRules.DirectiveOf(run));
            grains.GetGrain<ITaskQueueGrain>(queue.ToString()).AddAsync(hint).Ignore();
        }

        HoldTask();
    }

    private void HoldTask()
    {
        unstoredTask = run!.WorkflowTask! with { };
        Arm();
    }

    /// <summary>The worker rejected all that a speculative task brought: nothing of it is stored, and the worker forgets it too.</summary>
    private Answer SkipTask(RespondWorkflowTaskCompletedRequest request)
    {
        var stamp = run!.WorkflowTask!.Stamp;
        var rejected = new RunChange(run, clock.GetUtcNow());
        rejected.Messages.AddRange(request.Messages);
        if (UpdateRules.ApplyRest(rejected) is { } failure)
        {
            return Refusal.InvalidArgument($"{failure.Cause}: {failure.Message}");
        }

        (run.WorkflowTask, unstoredTask) = (null, null);
        updates.Apply(rejected.UpdateResults);
        updates.RejectUnanswered(stamp);
        Arm();
        Speculate(request);
        Answered(request);
        return Answer.Of(new RespondWorkflowTaskCompletedResponse
        {
            ResetHistoryEventId = run.LastCompletedStarted, WorkflowTask = run.WorkflowTask is { IsStarted: true } ? TaskOf(run, again: false) : null,
        });
    }

    /// <summary>What steps that are stored mean to those who wait for updates.</summary>
    private void Tell(IReadOnlyList<RunChange> changes)
    {
        foreach (var change in changes)
        {
            updates.Apply(change.UpdateResults);
            if (change.IsReset)
            {
                // Who asks again finds the run that goes on, which has been told of it too.
                updates.AbortAll();
            }
            else if (!change.Run.IsRunning && change.Closes)
            {
                updates.Close(continues: change.Follower is not null);
            }
        }

        if (run!.WorkflowTask?.Attempt >= PoisonedAttempts)
        {
            updates.AbortAdmitted(UpdateFailures.NotReady());
        }
    }
}
