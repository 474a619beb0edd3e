using Flagstone.Workflows.Tests.Workers;
using NexusRpc.Handlers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Nexus;

/// <summary>Operations that workflows call, with real workers on both sides.</summary>
public sealed class NexusTests(HostFixture fixture)
{
    private const string Scheduled = "WorkflowExecutionStarted NexusOperationScheduled";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_operation_that_is_done_at_once_has_no_start()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());

        var caller = await bench.CallAsync("Greet", "Ada");

        Assert.Equal("Hello, Ada!", await caller.GetResultAsync());
        var history = await caller.ReplayedAsync();
        Assert.Equal($"{Scheduled} NexusOperationCompleted WorkflowExecutionCompleted", history.Steps());
        var scheduled = history.Events.Single(e => e.EventType == EventType.NexusOperationScheduled);
        var (attributes, asked) = (scheduled.NexusOperationScheduledEventAttributes, Assert.Single(bench.Service.Asked));
        Assert.Equal((bench.Endpoint.Id, "SampleService", "Greet"), (attributes.EndpointId, attributes.Service, attributes.Operation));
        Assert.Equal(asked.RequestId, attributes.RequestId);
        var completed = history.Events.Single(e => e.EventType == EventType.NexusOperationCompleted).NexusOperationCompletedEventAttributes;
        Assert.Equal(scheduled.EventId, completed.ScheduledEventId);
        Assert.Empty((await bench.DescribeAsync(caller)).PendingNexusOperations);
    }

    [Fact]
    public async Task A_workflow_calls_by_the_type_of_the_service()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var name = bench.Endpoint.Spec.Name;

        var caller = await bench.Client.StartWorkflowAsync((NexusTypedWorkflow w) => w.RunAsync(name, "Ada"), bench.Worker.Options());

        Assert.Equal("Hello, Ada!", await caller.GetResultAsync());
        await caller.ReplayedAsync();
    }

    [Fact]
    public async Task An_operation_that_runs_a_workflow_ends_with_it_and_both_link_to_each_other()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var id = $"handler-{Guid.NewGuid():N}";

        var caller = await bench.CallAsync("Listen", id);
        await caller.UntilAsync(EventType.NexusOperationStarted, Ct);
        var handler = bench.Client.GetWorkflowHandle<ListeningWorkflow, string>(id);
        var pending = Assert.Single((await bench.DescribeAsync(caller)).PendingNexusOperations);
        Assert.Equal((PendingNexusOperationState.Started, "Listen"), (pending.State, pending.Operation));
        Assert.NotEmpty(pending.OperationToken);
        Assert.Equal(CallbackState.Standby, Assert.Single((await bench.DescribeAsync(handler)).Callbacks).State);
        await handler.SignalAsync(w => w.HearAsync("word"));
        await handler.SignalAsync(w => w.EndAsync());

        Assert.Equal("word", await caller.GetResultAsync());
        var history = await caller.ReplayedAsync();
        Assert.Equal($"{Scheduled} NexusOperationStarted NexusOperationCompleted WorkflowExecutionCompleted", history.Steps());
        var scheduled = history.Events.Single(e => e.EventType == EventType.NexusOperationScheduled);
        var started = history.Events.Single(e => e.EventType == EventType.NexusOperationStarted);
        Assert.Equal(pending.OperationToken, started.NexusOperationStartedEventAttributes.OperationToken);
        var first = (await handler.ReplayedAsync()).Events.First();
        var here = Assert.Single(started.Links).WorkflowEvent;
        Assert.Equal((id, first.WorkflowExecutionStartedEventAttributes.FirstExecutionRunId, 1L), (here.WorkflowId, here.RunId, here.EventRef.EventId));
        var back = Assert.Single(first.Links.Select(l => l.WorkflowEvent).Distinct());
        Assert.Equal((caller.Id, caller.ResultRunId, scheduled.EventId), (back.WorkflowId, back.RunId, back.EventRef.EventId));
        Assert.Equal(EventType.NexusOperationScheduled, back.EventRef.EventType);
    }

    [Fact]
    public async Task An_operation_ends_with_the_last_run_of_its_workflow()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());

        var caller = await bench.CallAsync("CountDown", 3);

        Assert.Equal("zero", await caller.GetResultAsync());
        Assert.Equal($"{Scheduled} NexusOperationStarted NexusOperationCompleted WorkflowExecutionCompleted", (await caller.ReplayedAsync()).Steps());
    }

    [Fact]
    public async Task Two_operations_share_a_workflow_and_both_end_with_it()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var id = $"shared-{Guid.NewGuid():N}";

        var first = await bench.CallAsync("Share", id);
        await first.UntilAsync(EventType.NexusOperationStarted, Ct);
        var second = await bench.CallAsync("Share", id);
        await second.UntilAsync(EventType.NexusOperationStarted, Ct);
        var handler = bench.Client.GetWorkflowHandle<ListeningWorkflow, string>(id);
        var described = await bench.DescribeAsync(handler);
        await handler.SignalAsync(w => w.EndAsync());

        Assert.Equal(("", ""), (await first.GetResultAsync(), await second.GetResultAsync()));
        Assert.Equal(2, described.Callbacks.Count);
        var updated = (await handler.ReplayedAsync()).Events.Single(e => e.EventType == EventType.WorkflowExecutionOptionsUpdated);
        var request = updated.WorkflowExecutionOptionsUpdatedEventAttributes.AttachedRequestId;
        Assert.Equal(updated.EventId, described.WorkflowExtendedInfo.RequestIdInfos[request].EventId);
        var started = (await second.ReplayedAsync()).Events.Single(e => e.EventType == EventType.NexusOperationStarted);
        Assert.Equal(request, Assert.Single(started.Links).WorkflowEvent.RequestIdRef.RequestId);
        Assert.Equal(second.Id, Assert.Single(updated.Links.Select(l => l.WorkflowEvent).Distinct()).WorkflowId);
    }

    [Fact]
    public async Task An_operation_that_signals_a_workflow_links_to_the_signal_and_back()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var told = await bench.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), bench.Worker.Options());
        await told.UntilAsync(EventType.WorkflowTaskCompleted, Ct);

        var caller = await bench.CallAsync("Tell", told.Id);

        Assert.Equal("told", await caller.GetResultAsync());
        var signaled = (await told.FetchHistoryAsync()).Events.Single(e => e.EventType == EventType.WorkflowExecutionSignaled);
        Assert.Equal(caller.Id, Assert.Single(signaled.Links).WorkflowEvent.WorkflowId);
        var completed = (await caller.ReplayedAsync()).Events.Single(e => e.EventType == EventType.NexusOperationCompleted);
        var link = Assert.Single(completed.Links).WorkflowEvent;
        Assert.Equal((told.Id, signaled.EventId), (link.WorkflowId, link.EventRef.EventId));
        await told.SignalAsync(w => w.EndAsync());
        await told.GetResultAsync();
        await told.ReplayedAsync();
    }

    [Fact]
    public async Task An_operation_that_ends_before_its_start_is_answered_has_its_start_before_its_end()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var gate = new TaskCompletionSource();
        bench.Service.Gate = gate.Task;

        var caller = await bench.CallAsync("Hurry", "Ada");

        Assert.Equal("Hello, Ada!", await caller.GetResultAsync());
        gate.SetResult();
        var history = await caller.ReplayedAsync();
        Assert.Equal($"{Scheduled} NexusOperationStarted NexusOperationCompleted WorkflowExecutionCompleted", history.Steps());
        Assert.NotEmpty(history.Events.Single(e => e.EventType == EventType.NexusOperationStarted).NexusOperationStartedEventAttributes.OperationToken);
    }

    [Fact]
    public async Task A_request_that_may_go_well_another_time_is_made_again_with_the_same_id()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        bench.Service.Failures = 1;

        var caller = await bench.CallAsync("Greet", "Ada");
        var pending = await bench.PendingAsync(caller, p => p.Attempt == 1, Ct);

        Assert.Equal("Hello, Ada!", await caller.GetResultAsync());
        Assert.Equal(("Not now.", "UNAVAILABLE"), (pending.LastAttemptFailure.Message, pending.LastAttemptFailure.NexusHandlerFailureInfo.Type));
        Assert.Equal($"{Scheduled} NexusOperationCompleted WorkflowExecutionCompleted", (await caller.ReplayedAsync()).Steps());
        Assert.Equal(2, bench.Service.Asked.Count);
        Assert.Single(bench.Service.Asked.Select(a => a.RequestId).Distinct());
    }

    [Theory]
    [InlineData("BadRequest", "BAD_REQUEST")]
    [InlineData("NotFound", "NOT_FOUND")]
    [InlineData("NotImplemented", "NOT_IMPLEMENTED")]
    public async Task An_error_that_stays_fails_the_operation(string how, string type)
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());

        var caller = await bench.CallAsync("Fail", how);

        var failure = await FailureAsync(caller);
        var error = Assert.IsType<HandlerException>(failure.InnerException);
        Assert.Equal((type, $"Refused as {how}."), (error.RawErrorType, error.Message));
        Assert.Equal((bench.Endpoint.Spec.Name, "SampleService", "Fail"), (failure.Endpoint, failure.Service, failure.Operation));
        Assert.Equal($"{Scheduled} NexusOperationFailed WorkflowExecutionFailed", (await caller.ReplayedAsync()).Steps());
        Assert.Single(bench.Service.Asked);
    }

    [Fact]
    public async Task An_operation_that_fails_says_why()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());

        var caller = await bench.CallAsync("Fail", "operation");

        var cause = Assert.IsType<ApplicationFailureException>((await FailureAsync(caller)).InnerException);
        Assert.Equal("It went wrong.", cause.Message);
        Assert.Equal("The reason.", Assert.IsType<ApplicationFailureException>(cause.InnerException).Message);
        Assert.Equal($"{Scheduled} NexusOperationFailed WorkflowExecutionFailed", (await caller.ReplayedAsync()).Steps());
    }

    [Fact]
    public async Task An_operation_that_says_that_it_was_cancelled_is_cancelled()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());

        var caller = await bench.CallAsync("Fail", "cancelled");

        Assert.IsType<CanceledFailureException>((await FailureAsync(caller)).InnerException);
        Assert.Equal($"{Scheduled} NexusOperationCanceled WorkflowExecutionFailed", (await caller.ReplayedAsync()).Steps());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_operation_whose_workflow_fails_or_is_terminated_fails(bool terminates)
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var id = $"handler-{Guid.NewGuid():N}";
        var caller = await bench.CallAsync("Listen", id);
        await caller.UntilAsync(EventType.NexusOperationStarted, Ct);

        var handler = bench.Client.GetWorkflowHandle(id);
        await (terminates ? handler.TerminateAsync() : handler.CancelAsync());

        var cause = (await FailureAsync(caller)).InnerException;
        Assert.Equal(terminates ? typeof(TerminatedFailureException) : typeof(CanceledFailureException), cause?.GetType());
        var end = terminates ? "NexusOperationFailed" : "NexusOperationCanceled";
        Assert.Equal($"{Scheduled} NexusOperationStarted {end} WorkflowExecutionFailed", (await caller.ReplayedAsync()).Steps());
    }

    [Theory]
    [InlineData(TimeoutType.ScheduleToClose)]
    [InlineData(TimeoutType.ScheduleToStart)]
    [InlineData(TimeoutType.StartToClose)]
    public async Task An_operation_whose_time_is_over_says_which(TimeoutType type)
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var time = TimeSpan.FromMilliseconds(200);
        var nobody = new NexusPlan((await NexusBench.CreateAsync(bench.Client, "nobody")).Spec.Name, "Greet", "Ada");
        var plan = type == TimeoutType.ScheduleToStart ? nobody with { ScheduleToStart = time }
            : type == TimeoutType.ScheduleToClose ? nobody with { ScheduleToClose = time }
            : bench.Plan("Listen", $"handler-{Guid.NewGuid():N}") with { StartToClose = time };

        var caller = await bench.CallAsync(plan);

        Assert.Equal(type, Assert.IsType<TimeoutFailureException>((await FailureAsync(caller)).InnerException).TimeoutType);
        var started = type == TimeoutType.StartToClose ? "NexusOperationStarted " : "";
        Assert.Equal($"{Scheduled} {started}NexusOperationTimedOut WorkflowExecutionFailed", (await caller.ReplayedAsync()).Steps());
    }

    [Fact]
    public async Task A_workflow_calls_handlers_of_another_namespace()
    {
        var client = await fixture.ConnectAsync();
        var ns = $"handlers-{Guid.NewGuid():N}";
        await client.WorkflowService.RegisterNamespaceAsync(new()
        {
            Namespace = ns, WorkflowExecutionRetentionPeriod = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromDays(1)),
        });
        var there = new TemporalClient(client.Connection, new TemporalClientOptions { Namespace = ns });
        var service = new SampleService();
        await using var handlers = RunningWorker.Start(there, service: service);
        await using var callers = RunningWorker.Start(client);
        var name = NexusBench.NewName();
        await client.OperatorService.CreateNexusEndpointAsync(new() { Spec = NexusBench.Spec(name, handlers.Queue, ns) });
        var id = $"handler-{Guid.NewGuid():N}";

        var plan = new NexusPlan(name, "Listen", id) { ScheduleToClose = TimeSpan.FromMinutes(5) };
        var caller = await client.StartWorkflowAsync((NexusCallingWorkflow w) => w.RunAsync(plan), callers.Options());
        await caller.UntilAsync(EventType.NexusOperationStarted, Ct);
        await there.GetWorkflowHandle<ListeningWorkflow>(id).SignalAsync(w => w.EndAsync());

        Assert.Equal("", await caller.GetResultAsync());
        await caller.ReplayedAsync();
        Assert.Contains("operation-timeout", Assert.Single(service.Asked).Headers.Keys, StringComparer.OrdinalIgnoreCase);
        var first = (await there.GetWorkflowHandle(id).FetchHistoryAsync()).Events.First();
        Assert.Equal("default", Assert.Single(first.Links.Select(l => l.WorkflowEvent).Distinct()).Namespace);
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_fails_the_workflow_task_until_it_is()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var name = NexusBench.NewName();

        var caller = await bench.CallAsync(new NexusPlan(name, "Greet", "Ada"));
        var history = await caller.UntilAsync(EventType.WorkflowTaskFailed, Ct);

        var failed = history.Events.Single(e => e.EventType == EventType.WorkflowTaskFailed).WorkflowTaskFailedEventAttributes;
        Assert.Equal(WorkflowTaskFailedCause.BadScheduleNexusOperationAttributes, failed.Cause);
        Assert.Contains(name, failed.Failure.Message, StringComparison.Ordinal);
        await caller.TerminateAsync();
    }

    private static async Task<NexusOperationFailureException> FailureAsync(WorkflowHandle<NexusCallingWorkflow, string> caller)
    {
        var failed = await Assert.ThrowsAsync<WorkflowFailedException>(() => caller.GetResultAsync());
        return Assert.IsType<NexusOperationFailureException>(failed.InnerException);
    }
}
