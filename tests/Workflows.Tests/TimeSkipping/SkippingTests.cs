using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.TimeSkipping;

/// <summary>Time skipping with a real worker: what it sees, and what stands in the history.</summary>
public sealed class SkippingTests(HostFixture fixture)
{
    private const string Started = "WorkflowExecutionStarted";
    private const string Task = "WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted";
    private const string Skipped = "WorkflowExecutionTimeSkippingTransitioned";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_week_with_timers_and_an_activity_that_is_tried_again_passes_at_once()
    {
        await using var worker = RunningWorker.Start(await SkippingBench.ConnectAsync(fixture.Host, Ct));

        var handle = await worker.StartAsync(nameof(WeekWorkflow), SkippingBench.Enabled);

        Assert.Equal((7 * 24) + 3, await handle.GetResultAsync<double>());
        var history = await handle.ReplayedAsync();
        Assert.Equal(
            $"{Started} {Task} TimerStarted {Skipped} TimerFired {Task} ActivityTaskScheduled {Skipped} {Skipped} ActivityTaskStarted ActivityTaskCompleted "
            + $"{Task} TimerStarted {Skipped} TimerFired {Task} WorkflowExecutionCompleted", history.Types());
        Assert.Equal(SkippingBench.Enabled, history.Events.First().WorkflowExecutionStartedEventAttributes.TimeSkippingConfig);
        Assert.Equal(
            history.Events.Select(e => e.EventTime.ToDateTimeOffset()).Order(), history.Events.Select(e => e.EventTime.ToDateTimeOffset()));
        var jumps = history.Events.Where(e => e.WorkflowExecutionTimeSkippingTransitionedEventAttributes is not null).Select(e =>
            (e.WorkerMayIgnore, Math.Ceiling((e.WorkflowExecutionTimeSkippingTransitionedEventAttributes.TargetTime - e.EventTime).ToTimeSpan().TotalHours)));
        Assert.Equal([(true, 72), (true, 1), (true, 2), (true, 96)], jumps);
        var info = (await handle.SkippingAsync())!;
        Assert.Equal((false, 100, 4), (info.EffectiveConfig.Enabled, info.EffectiveConfig.MaxSessionSkipCount, info.CurrentSessionSkipCount));
        Assert.Equal(history.Events.Last().EventTime, info.CurrentTime);
    }

    [Fact]
    public async Task A_parent_waits_while_its_child_skips_from_the_parents_time_on()
    {
        await using var worker = RunningWorker.Start(await SkippingBench.ConnectAsync(fixture.Host, Ct));
        var child = $"child-{Guid.NewGuid():N}";

        var handle = await worker.StartAsync(nameof(SleepingParentWorkflow), SkippingBench.Enabled, child);

        Assert.Equal(1, await handle.GetResultAsync<double>());
        var history = await handle.ReplayedAsync();
        Assert.Equal(
            $"{Started} {Task} TimerStarted {Skipped} TimerFired {Task} StartChildWorkflowExecutionInitiated ChildWorkflowExecutionStarted {Task} "
            + $"ChildWorkflowExecutionCompleted {Task} WorkflowExecutionCompleted", history.Types());
        var initiated = history.Events.Select(e => e.StartChildWorkflowExecutionInitiatedEventAttributes).Single(a => a is not null);
        var begun = await worker.Client.GetWorkflowHandle(child).ReplayedAsync();
        Assert.Equal($"{Started} {Task} TimerStarted {Skipped} TimerFired {Task} WorkflowExecutionCompleted", begun.Types());
        var started = begun.Events.First().WorkflowExecutionStartedEventAttributes;
        Assert.Equal((SkippingBench.Enabled, initiated.TimeSkippingStatePropagation), (started.TimeSkippingConfig, started.TimeSkippingStatePropagation));
        Assert.Equal(1, (await worker.Client.GetWorkflowHandle(child).SkippingAsync())!.CurrentSessionSkipCount);
    }

    [Fact]
    public async Task A_chain_of_runs_goes_on_with_the_clock()
    {
        await using var worker = RunningWorker.Start(await SkippingBench.ConnectAsync(fixture.Host, Ct));

        var handle = await worker.StartAsync(nameof(DailyWorkflow), SkippingBench.Enabled, 2, null);

        Assert.Equal(3, await handle.GetResultAsync<double>());
        var last = await handle.ReplayedAsync();
        Assert.Equal($"{Started} {Task} TimerStarted {Skipped} TimerFired {Task} WorkflowExecutionCompleted", last.Types());
        Assert.Equal(2, last.Events.First().WorkflowExecutionStartedEventAttributes.TimeSkippingStatePropagation.InitialSkipCount);
        Assert.Equal(3, (await handle.SkippingAsync())!.CurrentSessionSkipCount);
    }

    [Fact]
    public async Task A_fast_forward_stops_where_it_says_and_is_waited_for()
    {
        await using var worker = RunningWorker.Start(await SkippingBench.ConnectAsync(fixture.Host, Ct));
        var config = FastForward("a day", TimeSpan.FromDays(1));

        var handle = await worker.StartAsync(nameof(WeekWorkflow), config);
        var polled = await PollAsync(handle, "a day");

        Assert.Equal((FastForwardPollingResult.FastForwardCompleted, true), (polled.FastForwardPollingResult, polled.FastForwardInfo.HasCompleted));
        var history = await handle.ReplayedAsync();
        Assert.Equal($"{Started} {Task} TimerStarted {Skipped}", history.Types());
        Assert.True(history.Events.Last().WorkflowExecutionTimeSkippingTransitionedEventAttributes.DisabledAfterFastForward);
        var info = (await handle.SkippingAsync())!;
        Assert.False(info.EffectiveConfig.Enabled);
        Assert.InRange(info.CurrentTime.ToDateTimeOffset() - history.Events.First().EventTime.ToDateTimeOffset(), TimeSpan.FromDays(1), TimeSpan.FromDays(2));
        var other = await PollAsync(handle, "another");
        Assert.Equal(FastForwardPollingResult.FastForwardFailed, other.FastForwardPollingResult);
        Assert.Equal("The execution's fast-forward is 'a day', and 'another' is waited for.", other.FailedReason);

        // Without a fast-forward it goes on to the end.
        await handle.UpdateAsync(SkippingBench.Enabled);
        Assert.Equal((7 * 24) + 3, await handle.GetResultAsync<double>());
        Assert.StartsWith(
            $"{Started} {Task} TimerStarted {Skipped} WorkflowExecutionOptionsUpdated {Skipped} TimerFired", (await handle.ReplayedAsync()).Types(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_for_a_fast_forward_is_told_when_the_workflow_ends_before_it()
    {
        await using var worker = RunningWorker.Start(await SkippingBench.ConnectAsync(fixture.Host, Ct));
        var config = FastForward("far", TimeSpan.FromDays(30));

        var handle = await worker.StartAsync(nameof(WeekWorkflow), config);
        var polled = await PollAsync(handle, "far");

        Assert.Equal(FastForwardPollingResult.FastForwardFailed, polled.FastForwardPollingResult);
        Assert.Equal("The execution ended before the fast-forward was complete.", polled.FailedReason);
        Assert.False(polled.FastForwardInfo.HasCompleted);
    }

    [Fact]
    public async Task A_signal_with_start_and_a_start_with_an_update_skip_too()
    {
        var client = await SkippingBench.ConnectAsync(fixture.Host, Ct);
        await using var worker = RunningWorker.Start(client);
        var id = $"wf-{Guid.NewGuid():N}";
        await client.WorkflowService.SignalWithStartWorkflowExecutionAsync(new()
        {
            Namespace = client.Options.Namespace, WorkflowId = id, WorkflowType = new() { Name = nameof(SleepingChildWorkflow) },
            TaskQueue = new() { Name = worker.Queue }, SignalName = "ignored", TimeSkippingConfig = SkippingBench.Enabled,
        });
        await client.GetWorkflowHandle(id).GetResultAsync();
        Assert.Equal(1, (await client.GetWorkflowHandle(id).SkippingAsync())!.CurrentSessionSkipCount);

        var updated = $"wf-{Guid.NewGuid():N}";
        await client.WorkflowService.ExecuteMultiOperationAsync(new()
        {
            Namespace = client.Options.Namespace,
            Operations =
            {
                new ExecuteMultiOperationRequest.Types.Operation
                {
                    StartWorkflow = new()
                    {
                        Namespace = client.Options.Namespace, WorkflowId = updated, WorkflowType = new() { Name = nameof(UpdatableWorkflow) },
                        TaskQueue = new() { Name = worker.Queue }, WorkflowIdConflictPolicy = WorkflowIdConflictPolicy.Fail,
                        TimeSkippingConfig = SkippingBench.Enabled,
                    },
                },
                new ExecuteMultiOperationRequest.Types.Operation
                {
                    UpdateWorkflow = new()
                    {
                        Namespace = client.Options.Namespace, WorkflowExecution = new() { WorkflowId = updated },
                        Request = new()
                        {
                            Input = new() { Name = "Add", Args = new() { Payloads_ = { client.Options.DataConverter.PayloadConverter.ToPayload(1) } } },
                        },
                    },
                },
            },
        });
        Assert.True((await client.GetWorkflowHandle(updated).SkippingAsync())!.EffectiveConfig.Enabled);
    }

    [Fact]
    public async Task A_namespace_that_does_not_allow_it_refuses_time_skipping()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var start = await Assert.ThrowsAsync<RpcException>(() => worker.StartAsync(nameof(WeekWorkflow), SkippingBench.Enabled));
        var handle = await worker.StartAsync(nameof(WeekWorkflow), null);
        var update = await Assert.ThrowsAsync<RpcException>(() => handle.UpdateAsync(SkippingBench.Enabled));

        foreach (var refused in new[] { start, update })
        {
            Assert.Equal(RpcException.StatusCode.FailedPrecondition, refused.Code);
            Assert.Contains("Namespace 'default' does not allow time skipping", refused.Message, StringComparison.Ordinal);
            Assert.Contains("spec.timeSkipping: true", refused.Message, StringComparison.Ordinal);
        }

        Assert.Null(await handle.SkippingAsync());
        await handle.TerminateAsync();
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_is_refused()
    {
        await using var worker = RunningWorker.Start(await SkippingBench.ConnectAsync(fixture.Host, Ct));
        var forward = new FastForwardConfig { Id = "f", Duration = Duration.FromTimeSpan(TimeSpan.FromDays(1)) };

        foreach (var (config, what) in new (TimeSkippingConfig, string)[]
        {
            (new() { Enabled = true, MaxSessionSkipCount = -1 }, "max_session_skip_count cannot be negative"),
            (new() { FastForwardConfig = forward }, "is not enabled"),
            (new() { Enabled = true, FastForwardConfig = new() { Duration = forward.Duration } }, "id is not set"),
            (new() { Enabled = true, FastForwardConfig = new() { Id = "f" } }, "duration is not set"),
        })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => worker.StartAsync(nameof(WeekWorkflow), config));
            Assert.Equal(RpcException.StatusCode.InvalidArgument, refused.Code);
            Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_interceptor_of_a_few_lines_lets_each_workflow_of_a_client_skip()
    {
        var client = await SkippingBench.ConnectAsync(fixture.Host, Ct, [new SkipTime()]);
        await using var worker = RunningWorker.Start(client);

        var hours = await client.ExecuteWorkflowAsync((WeekWorkflow w) => w.RunAsync(), worker.Options());

        Assert.Equal((7 * 24) + 3, hours);
    }

    [Fact]
    public async Task The_ledgers_row_of_the_end_says_that_time_was_skipped_and_lists_go_by_the_wall_clock()
    {
        await using var worker = RunningWorker.Start(await SkippingBench.ConnectAsync(fixture.Host, Ct));

        var handle = await worker.StartAsync(nameof(SleepingChildWorkflow), SkippingBench.Enabled);
        await handle.GetResultAsync();

        var started = (await handle.FetchHistoryAsync()).Events.First().EventTime.ToDateTimeOffset();
        var noon = started.AddHours(12).ToString("O", CultureInfo.InvariantCulture);
        Assert.Equal(0, (await worker.Client.CountWorkflowsAsync($"CloseTime > '{noon}'")).Count);
        Assert.Equal(1, (await worker.Client.CountWorkflowsAsync($"CloseTime < '{noon}'")).Count);
        var ns = await worker.Client.WorkflowService.DescribeNamespaceAsync(new() { Namespace = worker.Client.Options.Namespace });
        using var http = fixture.Host.Client();
        var rows = await http.GetFromJsonAsync<JsonObject>(
            $"/api/v1/history/workflowexecutions.workflows.flagstone.dev/{ns.NamespaceInfo.Id}/{(await handle.DescribeAsync()).RunId}", Ct);
        Assert.Matches("Completed after 11 events, its clock ahead by 86[34][0-9.]+ s of skipped time; workflow ", rows!["items"]![0]!["reason"]!.ToString());
    }

    private static TimeSkippingConfig FastForward(string id, TimeSpan duration) =>
        new() { Enabled = true, FastForwardConfig = new() { Id = id, Duration = Duration.FromTimeSpan(duration) } };

    private static async Task<PollWorkflowExecutionTimeSkippingResponse> PollAsync(WorkflowHandle handle, string id)
    {
        while (true)
        {
            var polled = await handle.Client.WorkflowService.PollWorkflowExecutionTimeSkippingAsync(new()
            {
                Namespace = handle.Client.Options.Namespace, WorkflowExecution = new() { WorkflowId = handle.Id }, FastForwardId = id,
            });
            if (polled.FastForwardPollingResult != FastForwardPollingResult.PollTimeout)
            {
                return polled;
            }
        }
    }
}
