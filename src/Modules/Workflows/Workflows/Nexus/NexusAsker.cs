using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Nexus.Endpoints;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.WorkflowService.V1;
using Request = Temporalio.Api.Nexus.V1.Request;

namespace Flagstone.Workflows.Nexus;

/// <summary>Makes a request to the handler of an operation, by the task queue that its endpoint names.</summary>
internal sealed class NexusAsker(NexusEndpointCache endpoints, NamespaceCache namespaces, WorkflowMetrics metrics, IGrainFactory grains, TimeProvider clock)
{
    /// <summary>The answer, or that of nobody; null and how long to wait where the endpoint is not to be asked now.</summary>
    /// <param name="ns">The uid of the caller's namespace.</param>
    /// <param name="make">Makes the request, at a time.</param>
    public async Task<(Any? Answer, TimeSpan Wait)> AskAsync(string ns, NexusCall call, Func<DateTimeOffset, Task<Request>> make)
    {
        var breaker = grains.GetGrain<INexusBreakerGrain>(NexusBreakerGrain.KeyOf(ns, call.Operation.EndpointId));
        if (await breaker.EnterAsync() is var wait && wait > TimeSpan.Zero)
        {
            return (null, wait);
        }

        var answer = await AnswerAsync(call.Operation, make);
        var reply = NexusReplies.Read(answer);
        await breaker.LeaveAsync(reply is not NexusReply.Rejected { IsRetryable: true });
        metrics.Asked(call.IsCancellation, reply);
        return (answer, TimeSpan.Zero);
    }

    private async Task<Any> AnswerAsync(NexusOperationState operation, Func<DateTimeOffset, Task<Request>> make)
    {
        if (await endpoints.FindAsync(operation.Endpoint, CancellationToken.None) is not { } endpoint || endpoint.Id != operation.EndpointId)
        {
            return NexusReplies.Unanswered(NexusFailures.NotFound, "endpoint not registered");
        }

        if (await NamespaceAsync(endpoint) is not { } ns)
        {
            return NexusReplies.Unanswered(NexusFailures.NotFound, $"The namespace {endpoint.Namespace} of the endpoint {endpoint.Name} is not found.");
        }

        var now = clock.GetUtcNow();
        return await AskAsync(new TaskQueueKey(ns.Id, TaskKind.Nexus, endpoint.TaskQueue), await make(now), NexusRequests.Most(operation, now));
    }

    private async Task<Any> AskAsync(TaskQueueKey queue, Request request, TimeSpan most)
    {
        var id = Guid.NewGuid();
        var token = new NexusTaskToken(queue.Namespace, queue.Name, id);
        var task = new PollNexusTaskQueueResponse { TaskToken = token.ToBytes(), Request = request };
        var answer = await grains.GetGrain<ITaskQueueGrain>(queue.ToString()).QueryAsync(new QueryTask(
            id, task.ToByteArray(), most, WorkflowId: id.ToString()));
        return answer.Refusal is { } refusal ? NexusReplies.Unanswered(NexusFailures.ResourceExhausted, refusal.Message)
            : answer.Message is { Length: > 0 } message ? Any.Parser.ParseFrom(message)
            : NexusReplies.Unanswered(NexusFailures.UpstreamTimeout, "upstream timeout");
    }

    private async Task<WorkflowNamespace?> NamespaceAsync(NexusEndpoint endpoint)
    {
        try
        {
            return await namespaces.GetAsync(endpoint.Namespace, CancellationToken.None);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }
}
