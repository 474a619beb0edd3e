using Flagstone.Workflows.Resetting;
using Google.Protobuf;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Resets: the end of the current run and the run that goes on with an older history are one commit.</summary>
internal sealed partial class ExecutionGrain
{
    /// <summary>So many runs that continued the base are read for what they were told.</summary>
    private const int MaxFollowing = 100;

    public async Task<Answer> ResetAsync(Call call)
    {
        var request = ResetWorkflowExecutionRequest.Parser.ParseFrom(call.Request);
        var runId = ResetRules.RunIdOf(key, request.RequestId);
        if (await FindAsync(runId) is not null)
        {
            return Answer.Of(new ResetWorkflowExecutionResponse { RunId = runId });
        }

        if (run is null || await FindAsync(call.RunId) is not { } of)
        {
            return await MissingAsync(call.RunId);
        }

        if (ResetRules.Refuse(of, request.WorkflowTaskFinishEventId) is { } invalid)
        {
            return invalid;
        }

        foreach (var operation in request.PostResetOperations)
        {
            if (await RefuseOverrideAsync(operation.UpdateWorkflowOptions?.WorkflowExecutionOptions?.VersioningOverride) is { } wrong)
            {
                return wrong;
            }
        }

        var ended = run.IsRunning ? Step(By(call.Caller), call.Actor) : null;
        if (ended is not null)
        {
            ended.IsReset = true;
            Closing.Terminate(ended, request.Reason, null, request.Identity.Length > 0 ? request.Identity : ServerIdentity);
        }

        var (from, tooMany) = await BaseAsync(of, request.WorkflowTaskFinishEventId, ended);
        var (begun, refused) = from is null ? (null, tooMany) : ResetRules.Begin(from, request, runId, clock.GetUtcNow(), By(call.Caller));
        if (begun is null || refused is not null)
        {
            Drop();
            return refused!;
        }

        begun.Act = CallerAct.Of(call, CallerAct.Reset);
        of.ResetRunId = runId;
        // Of a run that is over it is noted alone, by a step of its own.
        var noted = ended is null || of.RunId != run.RunId ? new RunChange(of, clock.GetUtcNow()) : null;
        return await CommitAsync([.. noted is null ? [] : (RunChange[])[noted], .. ended is null ? [] : (RunChange[])[ended], begun]) is { } failed ? failed
            : Answer.Of(new ResetWorkflowExecutionResponse { RunId = runId });
    }

    /// <param name="ended">The step that ends the current run; what waited for its workflow task came from outside too. Null when it is over already.</param>
    private async Task<(ResetBase? Base, Refusal? Refusal)> BaseAsync(RunState of, long finishId, RunChange? ended)
    {
        var bodies = await store.BodiesAsync(of.RunId, 1, finishId - 1, HistoryLimits.MaxEvents, long.MaxValue, CancellationToken.None);
        if (bodies.Count != finishId - 1)
        {
            return (null, Refusal.Unavailable("The history of the run is being deleted. Reset another run."));
        }

        var digest = bodies.Aggregate(HistoryDigest.Empty, (before, body) => HistoryDigest.Next(before, body));
        var (later, next) = await LaterAsync(of.RunId, finishId, ended);
        var following = new List<HistoryEvent>();
        for (var runs = 0; next.Length > 0; runs++)
        {
            if (runs == MaxFollowing)
            {
                return (null, Refusal.InvalidArgument($"More than {MaxFollowing} runs continued this one. Reset one of the later runs."));
            }

            var (events, then) = await LaterAsync(next, 1, ended);
            following.AddRange(events);
            next = then;
        }

        return (new ResetBase(of, await OwnerAsync(of, finishId - 1), [.. bodies.Select(HistoryEvent.Parser.ParseFrom)], digest, later, following), null);
    }

    /// <summary>What a run was told from an event on, and the run that continued it as new; empty for none.</summary>
    private async Task<(List<HistoryEvent> Events, string Next)> LaterAsync(string runId, long first, RunChange? ended)
    {
        var stored = await store.EventsAsync(runId, first, long.MaxValue, HistoryLimits.MaxEvents, long.MaxValue, CancellationToken.None);
        var all = ended?.Run.RunId == runId ? stored.Concat(ended.Events) : stored;
        return ([.. all.Where(Reapplying.Concerns)], stored.LastOrDefault()?.WorkflowExecutionContinuedAsNewEventAttributes?.NewExecutionRunId ?? "");
    }

    /// <summary>The run that wrote the event first.</summary>
    private async Task<string> OwnerAsync(RunState of, long eventId)
    {
        var owner = of.RunId;
        while (of.BaseEventId >= eventId)
        {
            owner = of.BaseRunId;
            if (await FindAsync(owner) is not { } before)
            {
                break;
            }

            of = before;
        }

        return owner;
    }
}
