using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.People.Outside;

/// <summary>What the platform says to the server elsewhere of the activities that people decide. They go by their ids: a token would be of one attempt.</summary>
internal sealed class OutsideActivities(ITemporalServer server)
{
    /// <summary>What the platform is at the server.</summary>
    public const string Identity = "flagstone-people";

    /// <summary>Null for a run that is not there any more.</summary>
    /// <exception cref="RpcException">The server does not answer.</exception>
    public Task<DescribeWorkflowExecutionResponse?> DescribeAsync(HumanTaskRow of, CancellationToken ct) =>
        FindAsync<DescribeWorkflowExecutionResponse>(new DescribeWorkflowExecutionRequest
        {
            Namespace = of.NamespaceName, Execution = new WorkflowExecution { WorkflowId = of.WorkflowId, RunId = of.RunId },
        }, ct);

    /// <summary>Completes it with what was decided. False where it is over, or waits for its next attempt.</summary>
    /// <exception cref="RpcException">The server does not answer: it may have taken it or not.</exception>
    public async Task<bool> CompleteAsync(HumanTaskRow row, HumanDecision made, CancellationToken ct) =>
        await FindAsync<RespondActivityTaskCompletedByIdResponse>(new RespondActivityTaskCompletedByIdRequest
        {
            Namespace = row.NamespaceName, WorkflowId = row.WorkflowId, RunId = row.RunId, ActivityId = row.ActivityId, Result = made.ToResult(),
            Identity = $"{made.By} by {Identity}",
        }, ct) is not null;

    /// <summary>Says that somebody still waits. True where the workflow does not.</summary>
    /// <exception cref="RpcException">The server does not answer.</exception>
    public async Task<bool> BeatAsync(HumanTaskRow row, CancellationToken ct) =>
        await FindAsync<RecordActivityTaskHeartbeatByIdResponse>(new RecordActivityTaskHeartbeatByIdRequest
        {
            Namespace = row.NamespaceName, WorkflowId = row.WorkflowId, RunId = row.RunId, ActivityId = row.ActivityId, Identity = Identity,
        }, ct) is { CancelRequested: true };

    /// <summary>Says that nobody decides it any more, as the workflow asked. False where it is over.</summary>
    /// <exception cref="RpcException">The server does not answer.</exception>
    public async Task<bool> CancelAsync(HumanTaskRow row, CancellationToken ct) =>
        await FindAsync<RespondActivityTaskCanceledByIdResponse>(new RespondActivityTaskCanceledByIdRequest
        {
            Namespace = row.NamespaceName, WorkflowId = row.WorkflowId, RunId = row.RunId, ActivityId = row.ActivityId, Identity = Identity,
        }, ct) is not null;

    /// <summary>Null for what the server does not find.</summary>
    private async Task<TResponse?> FindAsync<TResponse>(IMessage request, CancellationToken ct)
        where TResponse : class, IMessage
    {
        try
        {
            return await server.CallAsync<TResponse>(OutsideHistory.Caller, request, "", ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }
}
