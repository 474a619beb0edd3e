using System.Text.Json;
using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Query.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A run that something is done to.</summary>
/// <param name="Namespace">The workflow namespace's name.</param>
public sealed record RunTarget(string Namespace, string WorkflowId, string RunId);

/// <summary>
/// Does what people ask of workflows in the console, by the messages of the gRPC API. Each change finishes once it has begun. An answer is null when
/// it is done, else why it is not.
/// </summary>
internal sealed class RunActions(TemporalCalls calls)
{
    /// <summary>As a history names the program that asked; who asked is its principal.</summary>
    public const string Identity = "flagstone-console";

    /// <summary>The SDKs' own query: where each coroutine of the workflow stands.</summary>
    public const string StackTrace = "__stack_trace";

    public async Task<string?> SignalAsync(Caller caller, RunTarget run, string signal, Payloads? input, string reason) => (await calls.CallAsync<SignalWorkflowExecutionResponse>(
        caller, new SignalWorkflowExecutionRequest
        {
            Namespace = run.Namespace, WorkflowExecution = Of(run), SignalName = signal, Input = input, Identity = Identity,
            RequestId = Guid.NewGuid().ToString(),
        }, reason, CancellationToken.None)).Refusal;

    /// <summary>Waits for the outcome as long as the server does; the answer says how far the update is, or why it was refused.</summary>
    public async Task<(UpdateAnswer? Answer, string? Refusal)> UpdateAsync(Caller caller, RunTarget run, string update, Payloads? input, string reason)
    {
        var outcome = await calls.CallAsync<UpdateWorkflowExecutionResponse>(caller, new UpdateWorkflowExecutionRequest
        {
            Namespace = run.Namespace, WorkflowExecution = Of(run), WaitPolicy = new() { LifecycleStage = UpdateWorkflowExecutionLifecycleStage.Completed },
            Request = new() { Meta = new() { UpdateId = Guid.NewGuid().ToString(), Identity = Identity }, Input = new() { Name = update, Args = input } },
        }, reason, CancellationToken.None);
        return outcome.Response is { } response ? (new UpdateAnswer(response.Stage >= UpdateWorkflowExecutionLifecycleStage.Accepted, response.Outcome), null)
            : outcome.IsLate ? (new UpdateAnswer(false, null), null) : (null, outcome.Refusal);
    }

    /// <summary>The reason is in the event.</summary>
    public async Task<string?> CancelAsync(Caller caller, RunTarget run, string reason) => (await calls.CallAsync<RequestCancelWorkflowExecutionResponse>(
        caller, new RequestCancelWorkflowExecutionRequest
        {
            Namespace = run.Namespace, WorkflowExecution = Of(run), Reason = reason, Identity = Identity, RequestId = Guid.NewGuid().ToString(),
        }, "", CancellationToken.None)).Refusal;

    /// <summary>The reason is in the event.</summary>
    public async Task<string?> TerminateAsync(Caller caller, RunTarget run, string reason) => (await calls.CallAsync<TerminateWorkflowExecutionResponse>(
        caller, new TerminateWorkflowExecutionRequest
        {
            Namespace = run.Namespace, WorkflowExecution = Of(run), Reason = reason, Identity = Identity,
        }, "", CancellationToken.None)).Refusal;

    /// <summary>The reason is in the ledger.</summary>
    /// <param name="by">How far the run's clock jumps; null for once, to what is due next.</param>
    public async Task<string?> SkipTimeAsync(Caller caller, RunTarget run, TimeSpan? by, string reason) => (await calls.CallAsync<UpdateWorkflowExecutionOptionsResponse>(
        caller, new UpdateWorkflowExecutionOptionsRequest
        {
            Namespace = run.Namespace, WorkflowExecution = Of(run), Identity = Identity, UpdateMask = new FieldMask { Paths = { "time_skipping_config" } },
            WorkflowExecutionOptions = new()
            {
                TimeSkippingConfig = by is { } duration
                    ? new() { Enabled = true, FastForwardConfig = new() { Id = $"console-{Guid.NewGuid():N}", Duration = Duration.FromTimeSpan(duration) } }
                    : new() { Enabled = true, MaxSessionSkipCount = 1 },
            },
        }, reason, CancellationToken.None)).Refusal;

    public async Task<string?> DeleteAsync(Caller caller, RunTarget run, string reason) => (await calls.CallAsync<DeleteWorkflowExecutionResponse>(
        caller, new DeleteWorkflowExecutionRequest { Namespace = run.Namespace, WorkflowExecution = Of(run) }, reason, CancellationToken.None)).Refusal;

    /// <summary>The id of the run that goes on, or why there is none. The reason is in the events of both runs.</summary>
    /// <param name="finishId">The end of the workflow task to which it goes back.</param>
    public async Task<(string RunId, string? Refusal)> ResetAsync(Caller caller, RunTarget run, long finishId, string reason)
    {
        var outcome = await calls.CallAsync<ResetWorkflowExecutionResponse>(
        caller, new ResetWorkflowExecutionRequest
        {
            Namespace = run.Namespace, WorkflowExecution = Of(run), WorkflowTaskFinishEventId = finishId, Reason = reason, Identity = Identity,
            RequestId = Guid.NewGuid().ToString(),
        }, "", CancellationToken.None);
        return (outcome.Response?.RunId ?? "", outcome.Refusal);
    }

    /// <summary>The id of the job, or why there is none. The reason is in the ledger.</summary>
    /// <param name="request">What to do to which runs.</param>
    public async Task<(string JobId, string? Refusal)> StartBatchAsync(Caller caller, string ns, StartBatchOperationRequest request, string reason)
    {
        (request.Namespace, request.JobId, request.Reason) = (ns, $"console-{Guid.NewGuid():N}", reason);
        // The list of jobs has nothing else that says who.
        var who = $"{caller.Name} by {Identity}";
        request.SignalOperation?.Identity = who;
        request.CancellationOperation?.Identity = who;
        request.TerminationOperation?.Identity = who;
        var outcome = await calls.CallAsync<StartBatchOperationResponse>(caller, request, "", CancellationToken.None);
        return (request.JobId, outcome.Refusal);
    }

    /// <summary>Stops a job; null when it is done, else why it is not.</summary>
    public async Task<string?> StopBatchAsync(Caller caller, string ns, string jobId, string reason) => (await calls.CallAsync<StopBatchOperationResponse>(
        caller, new StopBatchOperationRequest { Namespace = ns, JobId = jobId, Reason = reason, Identity = Identity }, "",
        CancellationToken.None)).Refusal;

    /// <summary>The run id, or why there is none.</summary>
    public async Task<(string RunId, string? Refusal)> StartAsync(Caller caller, StartForm form, Payloads? input)
    {
        var outcome = await calls.CallAsync<StartWorkflowExecutionResponse>(
        caller, new StartWorkflowExecutionRequest
        {
            Namespace = form.Namespace, WorkflowId = form.WorkflowId.Trim(), WorkflowType = new WorkflowType { Name = form.Type.Trim() },
            TaskQueue = new TaskQueue { Name = form.TaskQueue.Trim() }, Input = input, Identity = Identity, RequestId = Guid.NewGuid().ToString(),
            WorkflowIdConflictPolicy = WorkflowIdConflictPolicy.Fail,
        }, form.Reason.Trim(), CancellationToken.None);
        return (outcome.Response?.RunId ?? "", outcome.Refusal);
    }

    /// <summary>The answer of a worker, or why there is none.</summary>
    public async Task<(Payloads? Answer, string? Refusal)> QueryAsync(Caller caller, RunTarget run, string query, Payloads? input, CancellationToken ct)
    {
        var outcome = await calls.CallAsync<QueryWorkflowResponse>(
        caller, new QueryWorkflowRequest
        {
            Namespace = run.Namespace, Execution = Of(run), Query = new WorkflowQuery { QueryType = query, QueryArgs = input },
        }, "", ct);
        return (outcome.Response?.QueryResult, outcome.Refusal);
    }

    /// <summary>What was written as JSON, as SDKs write it; nothing for no text.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static Payloads? Input(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        using var document = JsonDocument.Parse(text);
        return new Payloads
        {
            Payloads_ =
            {
                new Payload
                {
                    Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") },
                    Data = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(document.RootElement)),
                },
            },
        };
    }

    private static WorkflowExecution Of(RunTarget run) => new() { WorkflowId = run.WorkflowId, RunId = run.RunId };
}

/// <summary>How far an update is.</summary>
/// <param name="IsAccepted">Whether the workflow is known to have taken it.</param>
/// <param name="Outcome">Null while there is none.</param>
internal sealed record UpdateAnswer(bool IsAccepted, Temporalio.Api.Update.V1.Outcome? Outcome);

/// <summary>What a person writes to start a workflow.</summary>
internal sealed class StartForm
{
    public string Namespace { get; set; } = "";

    public string WorkflowId { get; set; } = "";

    public string Type { get; set; } = "";

    public string TaskQueue { get; set; } = "";

    /// <summary>One value as JSON; empty for none.</summary>
    public string Input { get; set; } = "";

    public string Reason { get; set; } = "";

    public bool IsComplete => WorkflowId.Trim().Length > 0 && Type.Trim().Length > 0 && TaskQueue.Trim().Length > 0 && Reason.Trim().Length > 0;
}
