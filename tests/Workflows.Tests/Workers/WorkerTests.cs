using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Workflows of a real worker against the real host, and their histories event by event.</summary>
public sealed class WorkerTests(HostFixture fixture)
{
    private const string Next = "WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted";
    private const string First = $"WorkflowExecutionStarted {Next}";
    private const string Activity = "ActivityTaskScheduled ActivityTaskStarted ActivityTaskCompleted";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_workflow_with_an_activity_runs()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var handle = await worker.Client.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), worker.Options());

        Assert.Equal("Hello, Ada!", await handle.GetResultAsync());
        var history = await handle.ReplayedAsync();
        Assert.Equal($"{First} {Activity} {Next} WorkflowExecutionCompleted", history.Types());
    }

    [Fact]
    public async Task The_first_event_says_what_was_asked_and_nothing_that_was_not()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var handle = await worker.Client.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), worker.Options());
        await handle.GetResultAsync();

        var history = await handle.FetchHistoryAsync();
        var started = history.Events.First().WorkflowExecutionStartedEventAttributes;
        Assert.Equal(("HelloWorkflow", worker.Queue, 1), (started.WorkflowType.Name, started.TaskQueue.Name, started.Attempt));
        Assert.Equal((handle.ResultRunId, handle.ResultRunId), (started.FirstExecutionRunId, started.OriginalExecutionRunId));
        Assert.Equal(TimeSpan.FromSeconds(10), started.WorkflowTaskTimeout.ToTimeSpan());
        Assert.Null(started.WorkflowRunTimeout);
        Assert.Null(started.WorkflowExecutionTimeout);
        Assert.Null(started.RootWorkflowExecution);
        // Who caused it is who signed in, whatever the worker says of itself.
        Assert.All(history.Events, e => Assert.Equal("admin", e.Principal.Name));
    }

    [Fact]
    public async Task What_workflows_do_is_counted()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        await worker.Client.ExecuteWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), worker.Options());
        using var client = fixture.Host.Client();

        var metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), Ct);

        foreach (var wanted in (string[])["flagstone_workflow_events_total{", "type=\"WorkflowExecutionCompleted\"", "flagstone_workflow_task_wait_seconds_count{", "flagstone_workflow_polls{"])
        {
            Assert.Contains(wanted, metrics, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_worker_gets_the_activities_that_it_has_a_place_for_with_the_answer_of_its_task()
    {
        var client = await fixture.ConnectAsync();
        var queue = $"queue-{Guid.NewGuid():N}";
        var handle = await client.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), new WorkflowOptions($"wf-{Guid.NewGuid():N}", queue));
        var task = await client.WorkflowService.PollWorkflowTaskQueueAsync(new() { Namespace = "default", TaskQueue = new() { Name = queue } });

        var answer = await client.WorkflowService.RespondWorkflowTaskCompletedAsync(new()
        {
            Namespace = "default", TaskToken = task.TaskToken, Identity = "me", Commands = { Activity("here", ""), Activity("there", "elsewhere"), Activity("kept", "", eager: false) },
        });

        var eager = Assert.Single(answer.ActivityTasks);
        Assert.Equal(("here", "default", "in", 1), (eager.ActivityId, eager.WorkflowNamespace, eager.Input.Payloads_.Single().Data.ToStringUtf8(), eager.Attempt));
        await client.WorkflowService.RespondActivityTaskCompletedAsync(new() { Namespace = "default", TaskToken = eager.TaskToken });
        Assert.Equal($"{First} ActivityTaskScheduled ActivityTaskScheduled ActivityTaskScheduled ActivityTaskStarted ActivityTaskCompleted WorkflowTaskScheduled", (await handle.FetchHistoryAsync()).Types());
        // The others lie in their queues.
        Assert.Equal("kept", (await client.WorkflowService.PollActivityTaskQueueAsync(new() { Namespace = "default", TaskQueue = new() { Name = queue } })).ActivityId);

        static Temporalio.Api.Command.V1.Command Activity(string id, string queue, bool eager = true) => new()
        {
            CommandType = CommandType.ScheduleActivityTask,
            ScheduleActivityTaskCommandAttributes = new()
            {
                ActivityId = id, ActivityType = new() { Name = "Any" }, TaskQueue = new() { Name = queue }, RequestEagerExecution = eager,
                StartToCloseTimeout = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromMinutes(1)),
                Input = new() { Payloads_ = { new Temporalio.Api.Common.V1.Payload { Data = Google.Protobuf.ByteString.CopyFromUtf8("in") } } },
            },
        };
    }

    [Fact]
    public async Task Who_starts_a_workflow_and_has_a_worker_gets_the_first_task_at_once()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = worker.Options();
        options.RequestEagerStart = true;

        var handle = await worker.Client.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), options);

        Assert.Equal("Hello, Ada!", await handle.GetResultAsync());
        Assert.True((await handle.ReplayedAsync()).Events.First().WorkflowExecutionStartedEventAttributes.EagerExecutionAccepted);
    }

    [Fact]
    public async Task An_activity_that_fails_twice_and_succeeds_is_two_events()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var handle = await RunActivityAsync(worker, new ActivityPlan("Fail", "2") { StartToClose = 10_000 });

        Assert.Equal("attempt 3", await handle.GetResultAsync<string>());
        var history = await handle.ReplayedAsync();
        Assert.Equal($"{First} {Activity} {Next} WorkflowExecutionCompleted", history.Types());
        var started = history.Events.Single(e => e.EventType == EventType.ActivityTaskStarted).ActivityTaskStartedEventAttributes;
        Assert.Equal((3, "Attempt 2 fails."), (started.Attempt, started.LastFailure.Message));
    }

    [Theory]
    [InlineData("Fail", 2, RetryState.MaximumAttemptsReached)]
    [InlineData("Refuse", 0, RetryState.NonRetryableFailure)]
    public async Task An_activity_that_is_not_tried_again_fails_the_workflow(string activity, int attempts, RetryState why)
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var handle = await RunActivityAsync(worker, new ActivityPlan(activity, "9") { StartToClose = 10_000, Attempts = attempts });

        await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.GetResultAsync<string>());
        var history = await handle.ReplayedAsync();
        Assert.Equal($"{First} ActivityTaskScheduled ActivityTaskStarted ActivityTaskFailed {Next} WorkflowExecutionFailed", history.Types());
        Assert.Equal(why, history.Events.Single(e => e.EventType == EventType.ActivityTaskFailed).ActivityTaskFailedEventAttributes.RetryState);
    }

    [Theory]
    [InlineData("Hang", 200, 0, 0, 0, TimeoutType.StartToClose, RetryState.MaximumAttemptsReached)]
    [InlineData("Hang", 10_000, 0, 0, 200, TimeoutType.Heartbeat, RetryState.MaximumAttemptsReached)]
    [InlineData("Hang", 0, 200, 0, 0, TimeoutType.ScheduleToClose, RetryState.NonRetryableFailure)]
    [InlineData("Hang", 10_000, 0, 200, 0, TimeoutType.ScheduleToStart, RetryState.NonRetryableFailure)]
    public async Task An_activity_times_out(string activity, int startToClose, int scheduleToClose, int scheduleToStart, int heartbeat, TimeoutType type, RetryState why)
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        // Nobody works on the other queue.
        var plan = new ActivityPlan(activity, "")
        {
            StartToClose = startToClose, ScheduleToClose = scheduleToClose, ScheduleToStart = scheduleToStart, Heartbeat = heartbeat, Attempts = 1,
            Queue = scheduleToStart > 0 ? $"nobody-{Guid.NewGuid():N}" : null,
        };

        var handle = await RunActivityAsync(worker, plan);

        await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.GetResultAsync<string>());
        var history = await handle.ReplayedAsync();
        var timedOut = history.Events.Single(e => e.EventType == EventType.ActivityTaskTimedOut).ActivityTaskTimedOutEventAttributes;
        Assert.Equal((type, why), (timedOut.Failure.TimeoutFailureInfo.TimeoutType, timedOut.RetryState));
        var began = history.Events.Any(e => e.EventType == EventType.ActivityTaskStarted);
        Assert.Equal(began, timedOut.StartedEventId > 0);
        // A worker that is slow may not have begun before the whole time is over.
        if (type != TimeoutType.ScheduleToClose)
        {
            Assert.Equal(scheduleToStart == 0, began);
        }
    }

    [Fact]
    public async Task An_activity_is_told_that_it_is_cancelled()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await RunActivityAsync(worker, new ActivityPlan("Beat", "alive") { StartToClose = 30_000, Heartbeat = 5_000 });
        await worker.Activities.Began.Task.WaitAsync(Ct);

        await handle.CancelAsync();

        var failed = await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.GetResultAsync<string>());
        Assert.IsType<CanceledFailureException>(failed.InnerException);
        var history = await handle.ReplayedAsync();
        Assert.Equal(
            $"{First} ActivityTaskScheduled WorkflowExecutionCancelRequested {Next} ActivityTaskCancelRequested ActivityTaskStarted ActivityTaskCanceled {Next} WorkflowExecutionCanceled",
            history.Types());
    }

    [Fact]
    public async Task A_timer_fires()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var handle = await worker.Client.StartWorkflowAsync((TimerWorkflow w) => w.RunAsync(300), worker.Options());

        Assert.Equal("rang", await handle.GetResultAsync());
        var history = await handle.ReplayedAsync();
        Assert.Equal($"{First} TimerStarted TimerFired {Next} WorkflowExecutionCompleted", history.Types());
        var (started, fired) = (history.Events.Single(e => e.EventType == EventType.TimerStarted), history.Events.Single(e => e.EventType == EventType.TimerFired));
        Assert.True((fired.EventTime - started.EventTime).ToTimeSpan() >= TimeSpan.FromMilliseconds(299));
    }

    [Fact]
    public async Task Signals_are_heard_in_their_order_each_once()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), worker.Options());

        foreach (var word in (string[])["one", "two", "three"])
        {
            await handle.SignalAsync(w => w.HearAsync(word));
        }

        await handle.SignalAsync(w => w.EndAsync());

        Assert.Equal("one,two,three", await handle.GetResultAsync());
        Assert.Equal(4, (await handle.ReplayedAsync()).Events.Count(e => e.EventType == EventType.WorkflowExecutionSignaled));
    }

    [Fact]
    public async Task Many_signals_at_once_are_all_heard()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), worker.Options());

        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => handle.SignalAsync(w => w.HearAsync($"{i}"))));
        await handle.SignalAsync(w => w.EndAsync());

        var heard = (await handle.GetResultAsync()).Split(',').Select(int.Parse).Order();
        Assert.Equal(Enumerable.Range(0, 200), heard);
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task A_signal_with_start_comes_before_the_first_task()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = worker.Options();
        options.SignalWithStart((ListeningWorkflow w) => w.HearAsync("first"));

        var handle = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), options);
        var again = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), options);
        await handle.SignalAsync(w => w.EndAsync());

        Assert.Equal("first,first", await handle.GetResultAsync());
        Assert.Equal(handle.ResultRunId, again.ResultRunId);
        Assert.StartsWith("WorkflowExecutionStarted WorkflowExecutionSignaled WorkflowTaskScheduled", (await handle.ReplayedAsync()).Types(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_poisoned_workflow_writes_one_failure_and_leaves_others_alone()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var poisoned = await worker.Client.StartWorkflowAsync((PoisonedWorkflow w) => w.RunAsync(), worker.Options());
        var seen = await poisoned.UntilAsync(EventType.WorkflowTaskFailed, Ct);
        var other = await worker.Client.ExecuteWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), worker.Options());

        Assert.Equal("Hello, Ada!", other);
        Assert.Equal(1, seen.Events.Count(e => e.EventType == EventType.WorkflowTaskFailed));
        await poisoned.TerminateAsync("It never ends.");
        Assert.EndsWith("WorkflowTaskFailed WorkflowExecutionTerminated", (await poisoned.FetchHistoryAsync()).Types(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_goes_hands_its_workflows_to_the_next_one()
    {
        var client = await fixture.ConnectAsync();
        await using var first = RunningWorker.Start(client);
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), first.Options());
        await handle.UntilAsync(EventType.WorkflowTaskCompleted, Ct);
        await first.DisposeAsync();

        await handle.SignalAsync(w => w.HearAsync("while nobody works"));
        await using var second = RunningWorker.Start(client, first.Queue);
        await handle.SignalAsync(w => w.EndAsync());

        Assert.Equal("while nobody works", await handle.GetResultAsync());
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task A_poll_that_comes_after_its_worker_said_goodbye_gets_nothing()
    {
        var client = await fixture.ConnectAsync();
        var queue = $"queue-{Guid.NewGuid():N}";
        await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", queue));

        await client.WorkflowService.ShutdownWorkerAsync(new() { Namespace = "default", WorkerInstanceKey = "gone" });

        Assert.Empty((await PollAsync("gone")).TaskToken);
        Assert.NotEmpty((await PollAsync("here")).TaskToken);

        Task<Temporalio.Api.WorkflowService.V1.PollWorkflowTaskQueueResponse> PollAsync(string worker) =>
            client.WorkflowService.PollWorkflowTaskQueueAsync(new() { Namespace = "default", TaskQueue = new() { Name = queue }, WorkerInstanceKey = worker });
    }

    [Fact]
    public async Task A_workflow_continues_as_new_under_its_id()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var handle = await worker.Client.StartWorkflowAsync((CountdownWorkflow w) => w.RunAsync(2), worker.Options());

        Assert.Equal("zero", await handle.GetResultAsync());
        var first = await worker.Client.GetWorkflowHandle(handle.Id, handle.ResultRunId).ReplayedAsync();
        var last = await worker.Client.GetWorkflowHandle(handle.Id).ReplayedAsync();
        Assert.Equal($"{First} WorkflowExecutionContinuedAsNew", first.Types());
        Assert.Equal($"{First} WorkflowExecutionCompleted", last.Types());
        var started = last.Events.First().WorkflowExecutionStartedEventAttributes;
        Assert.Equal((handle.ResultRunId, ContinueAsNewInitiator.Workflow), (started.FirstExecutionRunId, started.Initiator));
    }

    [Fact]
    public async Task A_task_that_a_worker_holds_is_shown_as_started_and_offered_to_nobody_else()
    {
        var client = await fixture.ConnectAsync();
        var queue = $"queue-{Guid.NewGuid():N}";
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", queue));
        var task = await client.WorkflowService.PollWorkflowTaskQueueAsync(new() { Namespace = "default", TaskQueue = new() { Name = queue } });
        var later = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", queue));

        var next = await client.WorkflowService.PollWorkflowTaskQueueAsync(new() { Namespace = "default", TaskQueue = new() { Name = queue } });

        Assert.Equal((handle.Id, later.Id), (task.WorkflowExecution.WorkflowId, next.WorkflowExecution.WorkflowId));
        Assert.Equal([1L, 2L, 3L], task.History.Events.Select(e => e.EventId));
        var pending = (await client.WorkflowService.DescribeWorkflowExecutionAsync(new() { Namespace = "default", Execution = new() { WorkflowId = handle.Id } })).PendingWorkflowTask;
        Assert.Equal((PendingWorkflowTaskState.Started, task.StartedTime), (pending.State, pending.StartedTime));
        // A worker that pages through the history finds the start that it was given, and the history itself has it later.
        Assert.Equal(task.History.Events, (await handle.FetchHistoryAsync()).Events);
        await handle.SignalAsync(w => w.HearAsync("meanwhile"));
        Assert.Equal(task.History.Events, (await handle.FetchHistoryAsync()).Events);
    }

    [Fact]
    public async Task A_forged_or_broken_token_is_refused()
    {
        var client = await fixture.ConnectAsync();
        var queue = $"queue-{Guid.NewGuid():N}";
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", queue));
        var task = await client.WorkflowService.PollWorkflowTaskQueueAsync(new() { Namespace = "default", TaskQueue = new() { Name = queue } });
        var forged = System.Text.Json.Nodes.JsonNode.Parse(task.TaskToken.ToStringUtf8())!;
        forged["Stamp"] = "guessed";

        Assert.Equal(RpcException.StatusCode.InvalidArgument, await AnswerAsync(Google.Protobuf.ByteString.CopyFromUtf8("no token")));
        Assert.Equal(RpcException.StatusCode.NotFound, await AnswerAsync(Google.Protobuf.ByteString.CopyFromUtf8(forged.ToJsonString())));
        Assert.Equal(RpcException.StatusCode.OK, await AnswerAsync(task.TaskToken));
        Assert.Equal(RpcException.StatusCode.NotFound, await AnswerAsync(task.TaskToken));
        Assert.Equal(First, (await handle.FetchHistoryAsync()).Types());

        async Task<RpcException.StatusCode> AnswerAsync(Google.Protobuf.ByteString token)
        {
            try
            {
                await client.WorkflowService.RespondWorkflowTaskCompletedAsync(new() { Namespace = "default", TaskToken = token });
                return RpcException.StatusCode.OK;
            }
            catch (RpcException e)
            {
                return e.Code;
            }
        }
    }

    private static Task<WorkflowHandle<ActivityWorkflow, string>> RunActivityAsync(RunningWorker worker, ActivityPlan plan) =>
        worker.Client.StartWorkflowAsync((ActivityWorkflow w) => w.RunAsync(plan), worker.Options());
}
