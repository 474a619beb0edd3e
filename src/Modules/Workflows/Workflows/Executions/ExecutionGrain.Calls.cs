using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Callbacks;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Starts, signals, and the ends that come from outside.</summary>
internal sealed partial class ExecutionGrain
{
    private const string ReplacedReason = "TerminateIfRunning WorkflowIdReusePolicy";
    private const string ServerIdentity = "history-service";

    public async Task<Answer> StartAsync(Call call)
    {
        var request = StartWorkflowExecutionRequest.Parser.ParseFrom(call.Request);
        var decision = Starting.Decide(run, request);
        switch (decision)
        {
            case StartDecision.Existing:
                // The answer that the first request got: it did start the run.
                return await AttachAsync(call, request) ?? Answer.Of(Started(run!, run!.RequestId == request.RequestId, request.RequestId));
            case StartDecision.Running:
                return Refusal.AlreadyStarted(run!);
            case StartDecision.Finished:
                return Refusal.AlreadyFinished(run!);
        }

        request.RequestEagerExecution = request.RequestEagerExecution && await IsUnversionedAsync(request);
        var begun = Begin(request, call);
        begun.Act = CallerAct.Of(call, CallerAct.Start);
        WorkflowTaskRules.Schedule(begun);
        StartEagerly(begun, request);
        if (await CommitAsync(Replacing(decision, begun, call)) is { } refusal)
        {
            return refusal;
        }

        var answer = Started(begun.Run, true, request.RequestId);
        answer.EagerWorkflowTask = begun.Run.WorkflowTask is { IsStarted: true } ? TaskOf(begun.Run, again: false) : null;
        return Answer.Of(answer);
    }

    public async Task<Answer> StartScheduledAsync(Call call, string schedule)
    {
        // Whatever has followed it since: a run of this id has been started.
        if (run is not null && await FindAsync(call.RunId) is { } there)
        {
            return Answer.Of(Started(there, true));
        }

        var request = StartWorkflowExecutionRequest.Parser.ParseFrom(call.Request);
        var decision = Starting.Decide(run, request);
        if (decision != StartDecision.New)
        {
            return run!.IsRunning ? Refusal.AlreadyStarted(run) : Refusal.AlreadyFinished(run);
        }

        var origin = new Origin { Schedule = schedule, StartedBy = call.Caller, LastResult = request.LastCompletionResult, Failure = request.ContinuedFailure };
        var begun = Starting.Begin(key, request, call.RunId, clock.GetUtcNow(), null, origin);
        WorkflowTaskRules.Schedule(begun);
        return await CommitAsync(begun) is { } refusal ? refusal : Answer.Of(Started(begun.Run, true));
    }

    public async Task<Answer> SignalWithStartAsync(Call call)
    {
        var request = SignalWithStartWorkflowExecutionRequest.Parser.ParseFrom(call.Request);
        var start = request.CopyTo(new StartWorkflowExecutionRequest());
        if (start.WorkflowIdConflictPolicy == WorkflowIdConflictPolicy.Unspecified)
        {
            start.WorkflowIdConflictPolicy = WorkflowIdConflictPolicy.UseExisting;
        }

        var decision = Starting.Decide(run, start);
        switch (decision)
        {
            case StartDecision.Existing when run!.IsRunning:
                // The request again does not signal again.
                if (run.RequestId == start.RequestId)
                {
                    return Answer.Of(new SignalWithStartWorkflowExecutionResponse { RunId = run.RunId });
                }

                return await StepAsync(call with { RunId = "" }, change =>
                {
                    if (Signal(change, request, start.RequestId) is { } refusal)
                    {
                        return refusal;
                    }

                    var answer = new SignalWithStartWorkflowExecutionResponse
                    {
                        RunId = change.Run.RunId, SignalLink = NexusDescription.LinkToSignal(change),
                    };
                    WorkflowTaskRules.Schedule(change, endsBackoff: true);
                    return Answer.Of(answer);
                });
            case StartDecision.Existing:
                return Answer.Of(new SignalWithStartWorkflowExecutionResponse { RunId = run!.RunId });
            case StartDecision.Running:
                return Refusal.AlreadyStarted(run!);
            case StartDecision.Finished:
                return Refusal.AlreadyFinished(run!);
        }

        var begun = Begin(start, call);
        if (Signal(begun, request, "") is { } refused)
        {
            return refused;
        }

        var started = new SignalWithStartWorkflowExecutionResponse
        {
            RunId = begun.Run.RunId, Started = true, SignalLink = NexusDescription.LinkToSignal(begun),
        };
        WorkflowTaskRules.Schedule(begun);
        return await CommitAsync(Replacing(decision, begun, call)) is { } failed ? failed : Answer.Of(started);
    }

    public Task<Answer> SignalAsync(Call call) => StepAsync(call, change =>
    {
        change.Act = CallerAct.Of(call, CallerAct.Signal);
        var request = SignalWorkflowExecutionRequest.Parser.ParseFrom(call.Request);
        if (Signalling.Signal(
            change, request.SignalName, request.Input, request.Header, request.Identity, request.RequestId, links: request.Links) is { } refusal)
        {
            return refusal;
        }

        var answer = new SignalWorkflowExecutionResponse { Link = NexusDescription.LinkToSignal(change) };
        WorkflowTaskRules.Schedule(change);
        return Answer.Of(answer);
    });

    public async Task<Answer> RequestCancelAsync(Call call)
    {
        var request = RequestCancelWorkflowExecutionRequest.Parser.ParseFrom(call.Request);
        var answer = await StepAsync(call, change =>
        {
            if (IsOfAnotherChain(change.Run, request.FirstExecutionRunId))
            {
                return Refusal.NotFound("Workflow execution not found.");
            }

            Signalling.RequestCancel(change, request.Reason, request.Identity);
            return Answer.Of(new RequestCancelWorkflowExecutionResponse());
        });
        // Who asks a run to stop that has stopped has what he wants.
        return answer.Refusal?.Message == Refusal.Completed().Message ? Answer.Of(new RequestCancelWorkflowExecutionResponse()) : answer;
    }

    public Task<Answer> TerminateAsync(Call call) => StepAsync(call, change =>
    {
        var request = TerminateWorkflowExecutionRequest.Parser.ParseFrom(call.Request);
        if (IsOfAnotherChain(change.Run, request.FirstExecutionRunId))
        {
            return Refusal.NotFound("Workflow execution not found.");
        }

        Closing.Terminate(change, request.Reason, request.Details, request.Identity);
        return Answer.Of(new TerminateWorkflowExecutionResponse());
    });

    private static bool IsOfAnotherChain(RunState run, string firstRunId) => firstRunId.Length > 0 && firstRunId != run.FirstRunId;

    private static Refusal? Signal(RunChange change, SignalWithStartWorkflowExecutionRequest request, string requestId) =>
        Signalling.Signal(change, request.SignalName, request.SignalInput, request.Header, request.Identity, requestId, links: request.Links);

    private static StartWorkflowExecutionResponse Started(RunState run, bool started, string requestId = "") => new()
    {
        RunId = run.RunId, FirstExecutionRunId = run.FirstRunId, Started = started, Status = run.Status,
        Link = NexusDescription.Link(run, requestId),
    };

    /// <summary>Attaches to the open run what a start that finds it asks for; null where there is nothing to attach, or it is attached.</summary>
    private async Task<Answer?> AttachAsync(Call call, StartWorkflowExecutionRequest request)
    {
        if (!run!.IsRunning || !CallbackRules.Attaches(request) || run.RequestId == request.RequestId || run.AttachedRequests.ContainsKey(request.RequestId))
        {
            return null;
        }

        var answer = await StepAsync(call, change => CallbackRules.Attach(change, request) is { } refusal ? refusal : new Answer([], null));
        return answer.Refusal is null ? null : (Answer?)answer;
    }

    private RunChange Begin(StartWorkflowExecutionRequest request, Call call) =>
        Starting.Begin(key, request, Guid.CreateVersion7(clock.GetUtcNow()).ToString(), clock.GetUtcNow(), By(call.Caller));

    /// <summary>The steps of a start: where an open run is replaced, its end is one of them.</summary>
    private IReadOnlyList<RunChange> Replacing(StartDecision decision, RunChange begun, Call? call)
    {
        if (decision != StartDecision.Replace)
        {
            return [begun];
        }

        var replaced = Step(actor: call?.Actor);
        Closing.Terminate(replaced, ReplacedReason, null, ServerIdentity);
        return [replaced, begun];
    }
}
