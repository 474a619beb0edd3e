using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;
using Service.Workflows;

namespace Service;

/// <param name="Result">Null when it took longer than a caller should wait: the workflow goes on all the same.</param>
public sealed record Greeting(string WorkflowId, string? Result);

public interface IGreetings
{
    /// <summary>Starts a workflow of its own, and waits a while for its result.</summary>
    Task<Greeting> GreetAsync(string name, CancellationToken ct);
}

public sealed class Greetings(TemporalWorkerService temporal, TemporalSettings settings) : IGreetings
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // The claim declares it, so that workflows can be found by it.
    private static readonly SearchAttributeKey<string> Attribute = SearchAttributeKey.CreateKeyword("${{ values.searchAttribute }}");

    public async Task<Greeting> GreetAsync(string name, CancellationToken ct)
    {
        var client = temporal.Client ?? throw new InvalidOperationException("Temporal is not connected yet.");
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(ct);
        starting.CancelAfter(StartTimeout);
        var handle = await client.StartWorkflowAsync((GreetingWorkflow workflow) => workflow.RunAsync(name), new($"greeting-{Guid.NewGuid()}", settings.TaskQueue)
        {
            TypedSearchAttributes = new SearchAttributeCollection.Builder().Set(Attribute, name).ToSearchAttributeCollection(),
            Rpc = new() { CancellationToken = starting.Token },
        });

        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
        waiting.CancelAfter(Patience);
        try
        {
            return new(handle.Id, await handle.GetResultAsync(rpcOptions: new() { CancellationToken = waiting.Token }));
        }
        catch (Exception e) when (!ct.IsCancellationRequested && waiting.IsCancellationRequested
            && e is OperationCanceledException or RpcException { Code: RpcException.StatusCode.Cancelled or RpcException.StatusCode.DeadlineExceeded })
        {
            return new(handle.Id, null);
        }
    }
}
