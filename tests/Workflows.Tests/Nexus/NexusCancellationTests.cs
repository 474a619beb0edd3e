using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Exceptions;
using Temporalio.Workflows;

namespace Flagstone.Workflows.Tests.Nexus;

/// <summary>Operations that a workflow cancels, in each of the SDK's ways.</summary>
public sealed class NexusCancellationTests(HostFixture fixture)
{
    private const string Started = "WorkflowExecutionStarted NexusOperationScheduled NexusOperationStarted";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cancelled_operation_cancels_its_workflow_and_is_over_when_that_is()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var (caller, handler) = await StartAsync(bench, NexusOperationCancellationType.WaitCancellationCompleted);

        await caller.SignalAsync(w => w.CancelOperationAsync());

        Assert.IsType<CanceledFailureException>((await FailureAsync(caller)).InnerException?.InnerException);
        Assert.Equal(
            $"{Started} NexusOperationCancelRequested NexusOperationCancelRequestCompleted NexusOperationCanceled WorkflowExecutionFailed",
            Sorted(await caller.ReplayedAsync()));
        Assert.Equal(WorkflowExecutionStatus.Canceled, (await handler.DescribeAsync()).Status);
    }

    [Fact]
    public async Task Who_waits_for_the_request_alone_goes_on_when_the_handler_has_it()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var (caller, handler) = await StartAsync(bench, NexusOperationCancellationType.WaitCancellationRequested);

        await caller.SignalAsync(w => w.CancelOperationAsync());

        await FailureAsync(caller);
        var asked = $"{Started} NexusOperationCancelRequested NexusOperationCancelRequestCompleted";
        Assert.StartsWith(asked, Sorted(await caller.ReplayedAsync()), StringComparison.Ordinal);
        await Assert.ThrowsAsync<WorkflowFailedException>(() => handler.GetResultAsync());
    }

    [Fact]
    public async Task Who_only_tries_goes_on_at_once_and_the_handler_is_asked()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var (caller, handler) = await StartAsync(bench, NexusOperationCancellationType.TryCancel);
        await caller.SignalAsync(w => w.HoldAsync());

        await caller.SignalAsync(w => w.CancelOperationAsync());

        await Assert.ThrowsAsync<WorkflowFailedException>(() => handler.GetResultAsync());
        await caller.UntilAsync(EventType.NexusOperationCanceled, Ct);
        await caller.SignalAsync(w => w.EndAsync());
        await FailureAsync(caller);
        await caller.ReplayedAsync();
    }

    [Fact]
    public async Task An_operation_that_is_abandoned_goes_on()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var (caller, handler) = await StartAsync(bench, NexusOperationCancellationType.Abandon);

        await caller.SignalAsync(w => w.CancelOperationAsync());

        await FailureAsync(caller);
        Assert.Equal($"{Started} WorkflowExecutionFailed", (await caller.ReplayedAsync()).Steps());
        await handler.SignalAsync(w => w.EndAsync());
        Assert.Equal("", await handler.GetResultAsync());
    }

    [Fact]
    public async Task A_handler_that_takes_no_cancellation_says_so_and_the_operation_goes_on()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var caller = await bench.CallAsync("Stubborn", "any");
        await caller.UntilAsync(EventType.NexusOperationStarted, Ct);

        await caller.SignalAsync(w => w.CancelOperationAsync());
        var history = await caller.UntilAsync(EventType.NexusOperationCancelRequestFailed, Ct);

        var failed = history.Events.Single(e => e.EventType == EventType.NexusOperationCancelRequestFailed).NexusOperationCancelRequestFailedEventAttributes;
        Assert.Equal(("No stubborn here.", "NOT_FOUND"), (failed.Failure.Cause.Message, failed.Failure.Cause.NexusHandlerFailureInfo.Type));
        var pending = Assert.Single((await bench.DescribeAsync(caller)).PendingNexusOperations);
        Assert.Equal((PendingNexusOperationState.Started, NexusOperationCancellationState.Failed), (pending.State, pending.CancellationInfo.State));
        await caller.TerminateAsync();
    }

    private static async Task<(WorkflowHandle<NexusCallingWorkflow, string> Caller, WorkflowHandle<ListeningWorkflow, string> Handler)> StartAsync(
        NexusBench bench, NexusOperationCancellationType type)
    {
        var id = $"handler-{Guid.NewGuid():N}";
        var caller = await bench.CallAsync(bench.Plan("Listen", id) with { Cancellation = type });
        await caller.UntilAsync(EventType.NexusOperationStarted, Ct);
        return (caller, bench.Client.GetWorkflowHandle<ListeningWorkflow, string>(id));
    }

    private static async Task<WorkflowFailedException> FailureAsync(WorkflowHandle<NexusCallingWorkflow, string> caller) =>
        await Assert.ThrowsAsync<WorkflowFailedException>(() => caller.GetResultAsync());

    /// <summary>The handler's workflow may be over before its worker has said that it was told: both orders are right.</summary>
    private static string Sorted(Temporalio.Common.WorkflowHistory history) => history.Steps().Replace(
        "NexusOperationCanceled NexusOperationCancelRequestCompleted", "NexusOperationCancelRequestCompleted NexusOperationCanceled", StringComparison.Ordinal);
}
