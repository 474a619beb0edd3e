using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Flagstone.Workflows.Tests.Workers;
using NexusRpc;
using NexusRpc.Handlers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Exceptions;
using Temporalio.Nexus;
using Temporalio.Workflows;

#pragma warning disable CA1822 // The SDK calls a workflow on an instance.

namespace Flagstone.Workflows.Tests.Nexus;

[NexusService]
public interface ISampleService
{
    [NexusOperation]
    string Greet(string name);

    /// <summary>Fails as the text says: <c>operation</c>, <c>cancelled</c>, or the kind of a handler's error, with <c>!</c> for one to try again.</summary>
    [NexusOperation]
    string Fail(string how);

    /// <summary>Runs a workflow that ends when it is told to.</summary>
    [NexusOperation]
    string Listen(string workflowId);

    /// <summary>Runs a workflow that goes on as a new run, so often.</summary>
    [NexusOperation]
    string CountDown(int from);

    /// <summary>Runs a workflow that two callers may share.</summary>
    [NexusOperation]
    string Share(string workflowId);

    /// <summary>Runs a workflow that is there before it is answered that it is, and over.</summary>
    [NexusOperation]
    string Hurry(string name);

    /// <summary>Signals a workflow.</summary>
    [NexusOperation]
    string Tell(string workflowId);

    /// <summary>Begins, and takes no cancellation.</summary>
    [NexusOperation]
    string Stubborn(string workflowId);
}

[NexusServiceHandler(typeof(ISampleService))]
public sealed class SampleService
{
    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int failures;
    private int wanted = int.MaxValue;

    /// <summary>The requests that have come, by operation and input.</summary>
    public ConcurrentQueue<(string Operation, string RequestId, IReadOnlyDictionary<string, string> Headers)> Asked { get; } = [];

    /// <summary>Ends when so many requests have come.</summary>
    public Task Begun(int count)
    {
        wanted = count;
        Look();
        return begun.Task;
    }

    /// <summary>How many requests to fail before one goes well.</summary>
    public int Failures { get => failures; set => failures = value; }

    /// <summary>What an operation waits for before it answers.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    [NexusOperationHandler]
    public IOperationHandler<string, string> Greet() => OperationHandler.Sync<string, string>(async (context, name) =>
    {
        Note(context);
        await Gate;
        if (Interlocked.Decrement(ref failures) >= 0)
        {
            throw new HandlerException(HandlerErrorType.Unavailable, "Not now.");
        }

        return $"Hello, {name}!";
    });

    [NexusOperationHandler]
    public IOperationHandler<string, string> Fail() => OperationHandler.Sync<string, string>(Refuse);

    private string Refuse(OperationStartContext context, string how)
    {
        Note(context);
        throw how switch
        {
            "operation" => OperationException.CreateFailed("It went wrong.", new ApplicationFailureException("The reason.", "Reason")),
            "cancelled" => OperationException.CreateCanceled("It was cancelled."),
            "application" => new ApplicationFailureException("Never again.", "Reason", nonRetryable: true),
            _ => new HandlerException(Enum.Parse<HandlerErrorType>(how), $"Refused as {how}."),
        };
    }

    [NexusOperationHandler]
    public IOperationHandler<string, string> Listen() => WorkflowRunOperationHandler.FromHandleFactory((WorkflowRunOperationContext context, string id) =>
    {
        Note(context.HandlerContext);
        return context.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions { Id = id });
    });

    [NexusOperationHandler]
    public IOperationHandler<int, string> CountDown() => WorkflowRunOperationHandler.FromHandleFactory((WorkflowRunOperationContext context, int from) =>
        context.StartWorkflowAsync((CountdownWorkflow w) => w.RunAsync(from), new WorkflowOptions { Id = $"down-{Guid.NewGuid():N}" }));

    [NexusOperationHandler]
    public IOperationHandler<string, string> Share() => WorkflowRunOperationHandler.FromHandleFactory((WorkflowRunOperationContext context, string id) =>
        context.StartWorkflowAsync(
            (ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions { Id = id, IdConflictPolicy = WorkflowIdConflictPolicy.UseExisting }));

    [NexusOperationHandler]
    public IOperationHandler<string, string> Hurry() => WorkflowRunOperationHandler.FromHandleFactory(async (
        WorkflowRunOperationContext context, string name) =>
    {
        var id = $"hurry-{Guid.NewGuid():N}";
        var handle = await context.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync(name), new WorkflowOptions { Id = id });
        await NexusOperationExecutionContext.Current.TemporalClient.GetWorkflowHandle(id).GetResultAsync<string>();
        await Gate;
        return handle;
    });

    [NexusOperationHandler]
    public IOperationHandler<string, string> Tell() => OperationHandler.Sync<string, string>(async (_, id) =>
    {
        await NexusOperationExecutionContext.Current.TemporalClient.GetWorkflowHandle<ListeningWorkflow>(id).SignalAsync(w => w.HearAsync("told"));
        return "told";
    });

    [NexusOperationHandler]
    public IOperationHandler<string, string> Stubborn() => new StubbornOperation();

    private void Note(OperationStartContext context)
    {
        Asked.Enqueue((context.Operation, context.RequestId, context.Headers!));
        Look();
    }

    private void Look()
    {
        if (Asked.Count >= wanted)
        {
            begun.TrySetResult();
        }
    }

    private sealed class StubbornOperation : IOperationHandler<string, string>
    {
        public Task<OperationStartResult<string>> StartAsync(OperationStartContext context, string input) =>
            Task.FromResult(OperationStartResult.AsyncResult<string>("stubborn"));

        public Task CancelAsync(OperationCancelContext context) => throw new HandlerException(HandlerErrorType.NotFound, $"No {context.OperationToken} here.");
    }
}

/// <summary>What a workflow calls, and how.</summary>
public sealed record NexusPlan(string Endpoint, string Operation, object Input)
{
    public NexusOperationCancellationType Cancellation { get; init; } = NexusOperationCancellationType.WaitCancellationCompleted;

    public TimeSpan? ScheduleToClose { get; init; }

    public TimeSpan? ScheduleToStart { get; init; }

    public TimeSpan? StartToClose { get; init; }
}

/// <summary>Calls an operation, and returns its result; a signal cancels it.</summary>
[Workflow]
[SuppressMessage("Design", "CA1001", Justification = "Nobody disposes a workflow; the source holds no timer.")]
public sealed class NexusCallingWorkflow
{
    private readonly CancellationTokenSource cancel = new();
    private bool done = true;
    private string token = "";

    [WorkflowSignal]
    public Task CancelOperationAsync()
    {
        // On the workflow's own scheduler: the other form goes to the thread pool.
        cancel.Cancel();
        return Task.CompletedTask;
    }

    [WorkflowSignal]
    public Task HoldAsync()
    {
        done = false;
        return Task.CompletedTask;
    }

    [WorkflowSignal]
    public Task EndAsync()
    {
        done = true;
        return Task.CompletedTask;
    }

    [WorkflowQuery]
    public string Token() => token;

    [WorkflowRun]
    public async Task<string> RunAsync(NexusPlan plan)
    {
        var handle = await Workflow.CreateNexusWorkflowClient("SampleService", plan.Endpoint).StartNexusOperationAsync<string>(
            plan.Operation, plan.Input, new NexusWorkflowOperationOptions
            {
                CancellationToken = cancel.Token,
                CancellationType = plan.Cancellation,
                ScheduleToCloseTimeout = plan.ScheduleToClose,
                ScheduleToStartTimeout = plan.ScheduleToStart,
                StartToCloseTimeout = plan.StartToClose,
            });
        token = handle.OperationToken ?? "";
        try
        {
            return await handle.GetResultAsync();
        }
        finally
        {
            await Workflow.WaitConditionAsync(() => done, CancellationToken.None);
        }
    }
}

/// <summary>Calls by the service's own type.</summary>
[Workflow]
public sealed class NexusTypedWorkflow
{
    [WorkflowRun]
    public Task<string> RunAsync(string endpoint, string name) =>
        Workflow.CreateNexusWorkflowClient<ISampleService>(endpoint).ExecuteNexusOperationAsync(s => s.Greet(name));
}
