using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Workflows.Console;
using Flagstone.Workflows.Contracts.Processes;
using Flagstone.Workflows.Servers;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Converters;

namespace Flagstone.Workflows.Processes;

/// <summary>A process with what its run says of the step that it is at.</summary>
/// <param name="Plan">What it was started with; null where that cannot be read.</param>
/// <param name="At">The number of the step that it is at, or ended at; null for none.</param>
/// <param name="Trouble">Why the step is not done yet, as its last try said; empty for nothing to say.</param>
/// <param name="Attempts">How often the step was tried.</param>
/// <param name="Until">When the step's wait ends; null for a step that does not wait.</param>
internal sealed record ProcessDetails(ProcessState State, string WorkflowId, ProcessPlan? Plan, int? At, string Trouble, int Attempts, DateTimeOffset? Until = null)
{
    /// <summary>The step that was begun and that nothing undoes; null while it can be taken back.</summary>
    public ProcessStep? PastRecall => Plan?.Steps.Take((At ?? -1) + 1).FirstOrDefault(s => s.Act is { Undo: null });
}

/// <summary>
/// The platform's processes, by the messages of Temporal's API. Who asks for one needs the rights that its kind asks for, none in the namespace that it
/// runs in: the platform starts it there in their name.
/// </summary>
internal sealed class ProcessRuns(ITemporalServer server, PlatformNamespace own, IEnumerable<IProcessKind> kinds) : IProcesses
{
    /// <summary>What the names of fields begin with in the problems of a kind's input.</summary>
    public const string InputField = "input.";

    private const string Identity = "flagstone-processes";

    private readonly IReadOnlyList<IProcessKind> kinds = [.. kinds.OrderBy(k => k.Name, StringComparer.Ordinal)];

    public string Namespace => own.Name;

    public IReadOnlyList<IProcessKind> Kinds => kinds;

    public async Task<(ProcessState? Process, Problem? Problem)> StartAsync(
        Caller caller, string process, JsonObject input, string reason, string requestId, CancellationToken ct)
    {
        if (kinds.FirstOrDefault(k => k.Name == process) is not { } kind)
        {
            return (null, ProcessProblems.NoSuchKind(process, kinds));
        }

        if (ProcessProblems.CheckReason(reason) is { } bad)
        {
            return (null, bad);
        }

        if (ProcessProblems.CheckMembers(kind, input) is { } unknown)
        {
            return (null, unknown);
        }

        // As it would come by REST: numbers that a page wrote are of one type, those that were read of any.
        var (plan, refusal) = await kind.PlanAsync(caller, JsonNode.Parse(input.ToJsonString())!.AsObject(), ct);
        if (plan is null)
        {
            return (null, refusal);
        }

        var asked = new ProcessInput(kind.Name, plan, caller.Name, caller.Actor.Id, reason);
        var start = new StartWorkflowExecutionRequest
        {
            Namespace = own.Name, WorkflowId = $"{kind.Name}/{plan.Subject}", WorkflowType = new WorkflowType { Name = ProcessMemo.WorkflowType },
            TaskQueue = new() { Name = PlatformWorker.TaskQueue }, Identity = Identity, RequestId = requestId.Length > 0 ? requestId : Guid.NewGuid().ToString(),
            WorkflowIdConflictPolicy = WorkflowIdConflictPolicy.Fail, WorkflowIdReusePolicy = WorkflowIdReusePolicy.AllowDuplicate,
            Input = new Payloads { Payloads_ = { DataConverter.Default.PayloadConverter.ToPayload(asked) } }, Memo = ProcessMemo.Of(asked),
        };
        try
        {
            // What has begun is finished, though who asked may be gone.
            var started = await server.CallAsync<StartWorkflowExecutionResponse>(InTheNameOf(caller), start, reason, CancellationToken.None);
            return ((await FindAsync(started.RunId, CancellationToken.None))?.State, null);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            return (null, ProcessProblems.UnderWay(kind, plan, await FindLatestAsync(kind.Name, plan.Subject, CancellationToken.None)));
        }
        catch (RpcException e)
        {
            return (null, ProcessProblems.Of(e));
        }
    }

    public async Task<ProcessState?> FindLatestAsync(string process, string subject, CancellationToken ct)
    {
        try
        {
            var found = await server.CallAsync<DescribeWorkflowExecutionResponse>(
                OwnConnection.Caller, new DescribeWorkflowExecutionRequest { Namespace = own.Name, Execution = new() { WorkflowId = $"{process}/{subject}" } }, "", ct);
            return ProcessMemo.Read(found.WorkflowExecutionInfo);
        }
        catch (RpcException)
        {
            return null;
        }
    }

    /// <param name="after">A token of the page before; empty for the first.</param>
    /// <exception cref="RpcException">The Temporal server does not answer.</exception>
    public async Task<(IReadOnlyList<ProcessState> Page, string Next)> ListAsync(bool open, int limit, string after, CancellationToken ct)
    {
        try
        {
            var list = await server.CallAsync<ListWorkflowExecutionsResponse>(OwnConnection.Caller, new ListWorkflowExecutionsRequest
            {
                Namespace = own.Name, PageSize = limit, NextPageToken = PageTokens.Read(after),
                Query = $"WorkflowType = '{ProcessMemo.WorkflowType}' AND ExecutionStatus {(open ? "=" : "!=")} 'Running'",
            }, "", ct);
            return ([.. list.Executions.Select(ProcessMemo.Read)], PageTokens.Write(list.NextPageToken));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // The worker makes the namespace when it first comes to the server.
            return ([], "");
        }
    }

    /// <summary>Null when there is none of the id.</summary>
    /// <exception cref="RpcException">The Temporal server does not answer.</exception>
    public async Task<ProcessDetails?> FindAsync(string id, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out _))
        {
            return null;
        }

        try
        {
            var listed = await server.CallAsync<ListWorkflowExecutionsResponse>(OwnConnection.Caller, new ListWorkflowExecutionsRequest
            {
                Namespace = own.Name, PageSize = 1, Query = $"RunId = '{id}' AND WorkflowType = '{ProcessMemo.WorkflowType}'",
            }, "", ct);
            if (listed.Executions is not [var run, ..])
            {
                return null;
            }

            var found = await server.CallAsync<DescribeWorkflowExecutionResponse>(
                OwnConnection.Caller, new DescribeWorkflowExecutionRequest { Namespace = own.Name, Execution = run.Execution }, "", ct);
            var trying = found.PendingActivities.FirstOrDefault(a => a.LastFailure is not null);
            return new ProcessDetails(
                ProcessMemo.Read(found.WorkflowExecutionInfo), run.Execution.WorkflowId, await PlanAsync(run.Execution, ct), ProcessMemo.StepOf(found.WorkflowExecutionInfo),
                trying?.LastFailure.Message ?? "", trying?.Attempt ?? 0, ProcessMemo.UntilOf(found.WorkflowExecutionInfo));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Takes a process back: who asked for it may, and administrators. Null when it is done.</summary>
    public async Task<Problem?> CancelAsync(Caller caller, ProcessDetails process, string reason)
    {
        if (ProcessProblems.CheckReason(reason) is { } bad)
        {
            return bad;
        }

        if (RefuseCancel(caller, process.State) is { } why)
        {
            return Catalogue.Forbidden(caller.Name, "cancel", ProcessProblems.Key(process.State.Id), why);
        }

        if (process.State.Phase != ProcessPhase.Running)
        {
            return ProcessProblems.Over(process.State);
        }

        if (process.PastRecall is { } begun)
        {
            return ProcessProblems.PastRecall(process.State, begun);
        }

        try
        {
            await server.CallAsync<RequestCancelWorkflowExecutionResponse>(InTheNameOf(caller), new RequestCancelWorkflowExecutionRequest
            {
                Namespace = own.Name, WorkflowExecution = new() { WorkflowId = process.WorkflowId, RunId = process.State.Id }, Identity = Identity, Reason = reason,
                RequestId = Guid.NewGuid().ToString(),
            }, reason, CancellationToken.None);
            return null;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return ProcessProblems.Over(process.State);
        }
        catch (RpcException e)
        {
            return ProcessProblems.Of(e);
        }
    }

    /// <summary>Null when the caller may take a process back; else why not.</summary>
    public static string? RefuseCancel(Caller caller, ProcessState process) =>
        caller.Name == process.AskedBy || caller is { Role: Role.Administrator, Namespace: "" } ? null
            : $"who asked for it, {process.AskedBy}, takes it back, or an administrator does";

    private async Task<ProcessPlan?> PlanAsync(WorkflowExecution run, CancellationToken ct)
    {
        var history = await server.CallAsync<GetWorkflowExecutionHistoryResponse>(
            OwnConnection.Caller, new GetWorkflowExecutionHistoryRequest { Namespace = own.Name, Execution = run, MaximumPageSize = 1 }, "", ct);
        return history.History.Events is [{ WorkflowExecutionStartedEventAttributes.Input.Payloads_: [var input, ..] }, ..]
            ? DataConverter.Default.PayloadConverter.ToValue<ProcessInput>(input)?.Plan : null;
    }

    private static Caller InTheNameOf(Caller caller) => caller with { Role = Role.Administrator, Namespace = "" };
}
