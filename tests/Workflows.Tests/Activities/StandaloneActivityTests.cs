using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;
using TimeoutType = Temporalio.Api.Enums.V1.TimeoutType;

namespace Flagstone.Workflows.Tests.Activities;

/// <summary>Activities that a client starts itself.</summary>
public sealed class StandaloneActivityTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_gets_the_result_of_an_activity_and_sees_what_it_was()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = Options(worker);
        options.Summary = "A greeting";

        var handle = await worker.Client.StartActivityAsync("Greet", ["Ada"], options);

        Assert.Equal("Hello, Ada!", await handle.GetResultAsync<string>());
        var described = await handle.DescribeAsync(new ActivityDescribeOptions { IncludeInput = true, IncludeOutcome = true });
        Assert.Equal((ActivityExecutionStatus.Completed, "Greet", worker.Queue, 1), (described.Status, described.ActivityType, described.TaskQueue, described.Attempt));
        Assert.Equal("A greeting", await described.GetSummaryAsync());
        Assert.Equal("Hello, Ada!", await described.GetResultAsync<string>());
        Assert.True(described.HasInput);
        Assert.NotNull(described.CloseTime);
        Assert.Equal("Hello, Ada!", await worker.Client.GetActivityHandle<string>(handle.Id).GetResultAsync());
        Assert.True((await worker.Client.Connection.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" }))
            .NamespaceInfo.Capabilities.StandaloneActivities);
    }

    [Fact]
    public async Task An_activity_that_fails_is_tried_again_and_then_says_why()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = Options(worker);
        options.RetryPolicy = new RetryPolicy { InitialInterval = TimeSpan.FromMilliseconds(10), MaximumAttempts = 3 };

        Assert.Equal("attempt 3", await worker.Client.ExecuteActivityAsync<string>("Fail", ["2"], options));
        options = Options(worker);
        options.RetryPolicy = new RetryPolicy { InitialInterval = TimeSpan.FromMilliseconds(10), MaximumAttempts = 2 };
        var handle = await worker.Client.StartActivityAsync("Fail", ["9"], options);
        var failed = await Assert.ThrowsAsync<ActivityFailedException>(() => handle.GetResultAsync());

        Assert.Equal("Attempt 2 fails.", Assert.IsType<ApplicationFailureException>(failed.InnerException).Message);
        var described = await worker.Client.WorkflowService.DescribeActivityExecutionAsync(
            new DescribeActivityExecutionRequest { Namespace = "default", ActivityId = handle.Id, IncludeOutcome = true });
        Assert.Equal((ActivityExecutionStatus.Failed, 2, Temporalio.Api.Enums.V1.RetryState.MaximumAttemptsReached), (described.Info.Status, described.Info.Attempt, described.Outcome.RetryState));
    }

    [Theory]
    [InlineData("schedule", TimeoutType.ScheduleToStart)]
    [InlineData("start", TimeoutType.StartToClose)]
    [InlineData("close", TimeoutType.ScheduleToClose)]
    [InlineData("beat", TimeoutType.Heartbeat)]
    public async Task An_activity_whose_time_is_over_ends(string time, TimeoutType type)
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var brief = TimeSpan.FromMilliseconds(200);
        var options = new StartActivityOptions($"activity-{Guid.NewGuid():N}", time == "schedule" ? $"nobody-{Guid.NewGuid():N}" : worker.Queue)
        {
            ScheduleToStartTimeout = time == "schedule" ? brief : null, ScheduleToCloseTimeout = time == "close" ? brief : null,
            StartToCloseTimeout = time == "start" ? brief : TimeSpan.FromSeconds(60), HeartbeatTimeout = time == "beat" ? brief : null,
            RetryPolicy = new RetryPolicy { MaximumAttempts = 1 },
        };

        var failed = await Assert.ThrowsAsync<ActivityFailedException>(() => worker.Client.ExecuteActivityAsync("Hang", [""], options));

        Assert.Equal(type, Assert.IsType<TimeoutFailureException>(failed.InnerException).TimeoutType);
        Assert.Equal(ActivityExecutionStatus.TimedOut, (await worker.Client.GetActivityHandle(options.Id!).DescribeAsync()).Status);
    }

    [Fact]
    public async Task A_worker_hears_with_its_heartbeat_that_its_activity_is_cancelled()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = Options(worker);
        options.HeartbeatTimeout = TimeSpan.FromSeconds(60);
        var handle = await worker.Client.StartActivityAsync("Beat", ["detail"], options);
        await worker.Activities.Began.Task.WaitAsync(Ct);

        await handle.CancelAsync(new ActivityCancelOptions { Reason = "No more." });

        var failed = await Assert.ThrowsAsync<ActivityFailedException>(() => handle.GetResultAsync());
        Assert.IsType<CanceledFailureException>(failed.InnerException);
        var described = await handle.DescribeAsync(new ActivityDescribeOptions { IncludeHeartbeatDetails = true });
        Assert.Equal((ActivityExecutionStatus.Canceled, "No more."), (described.Status, described.CanceledReason));
        Assert.True(described.TotalHeartbeatCount > 0);
    }

    [Fact]
    public async Task An_activity_that_no_worker_has_begun_is_cancelled_at_once_and_no_worker_gets_it()
    {
        var client = await fixture.ConnectAsync();
        var options = new StartActivityOptions($"activity-{Guid.NewGuid():N}", $"queue-{Guid.NewGuid():N}") { StartToCloseTimeout = TimeSpan.FromSeconds(60) };
        var handle = await client.StartActivityAsync("Count", ["cancelled"], options);

        await handle.CancelAsync();
        Assert.Equal(ActivityExecutionStatus.Canceled, (await handle.DescribeAsync()).Status);

        await using var worker = RunningWorker.Start(client, options.TaskQueue);
        Assert.Equal("Hello, Ada!", await client.ExecuteActivityAsync<string>("Greet", ["Ada"], Options(worker)));
        Assert.Equal(0, worker.Activities.CountOf("cancelled"));
    }

    [Fact]
    public async Task An_activity_is_terminated_and_what_its_worker_answers_is_not_found()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartActivityAsync("Leave", [""], Options(worker));
        await worker.Activities.Began.Task.WaitAsync(Ct);

        await handle.TerminateAsync(new ActivityTerminateOptions { Reason = "Enough." });

        var failed = await Assert.ThrowsAsync<ActivityFailedException>(() => handle.GetResultAsync());
        Assert.Equal("Enough.", Assert.IsType<TerminatedFailureException>(failed.InnerException).Message);
        var gone = await Assert.ThrowsAsync<RpcException>(() => CompleteAsync(worker.Client, handle.Id));
        Assert.Equal(RpcException.StatusCode.NotFound, gone.Code);
        var closed = await Assert.ThrowsAsync<RpcException>(() => handle.CancelAsync());
        Assert.Equal(RpcException.StatusCode.FailedPrecondition, closed.Code);
    }

    [Fact]
    public async Task Who_knows_the_id_of_an_activity_completes_it()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartActivityAsync("Leave", [""], Options(worker));
        await worker.Activities.Began.Task.WaitAsync(Ct);

        await CompleteAsync(worker.Client, handle.Id);

        Assert.Equal(ActivityExecutionStatus.Completed, (await handle.DescribeAsync()).Status);
        await handle.GetResultAsync();
    }

    [Fact]
    public async Task An_id_is_used_again_as_its_policies_say()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = Options(worker);
        var first = await worker.Client.StartActivityAsync("Leave", [""], options);
        await worker.Activities.Began.Task.WaitAsync(Ct);

        var exists = await Assert.ThrowsAsync<ActivityAlreadyStartedException>(() => worker.Client.StartActivityAsync("Greet", ["Ada"], Again(options)));
        Assert.Equal((first.Id, first.RunId), (exists.ActivityId, exists.RunId));
        var same = await worker.Client.StartActivityAsync("Greet", ["Ada"], Again(options, o => o.IdConflictPolicy = ActivityIdConflictPolicy.UseExisting));
        Assert.Equal(first.RunId, same.RunId);
        await CompleteAsync(worker.Client, first.Id);
        await first.GetResultAsync();
        await Assert.ThrowsAsync<ActivityAlreadyStartedException>(
            () => worker.Client.StartActivityAsync("Greet", ["Ada"], Again(options, o => o.IdReusePolicy = ActivityIdReusePolicy.RejectDuplicate)));
        await Assert.ThrowsAsync<ActivityAlreadyStartedException>(
            () => worker.Client.StartActivityAsync("Greet", ["Ada"], Again(options, o => o.IdReusePolicy = ActivityIdReusePolicy.AllowDuplicateFailedOnly)));
        var second = await worker.Client.StartActivityAsync("Greet", ["Ada"], Again(options));

        Assert.NotEqual(first.RunId, second.RunId);
        Assert.Equal("Hello, Ada!", await second.GetResultAsync<string>());
        await Assert.ThrowsAsync<RpcException>(() => first.DescribeAsync());
    }

    [Fact]
    public async Task Activities_are_listed_and_counted_by_what_they_are_and_deleted()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var greeted = await worker.Client.StartActivityAsync("Greet", ["Ada"], Options(worker));
        var left = await worker.Client.StartActivityAsync("Leave", [""], Options(worker));
        await greeted.GetResultAsync();

        var open = await IdsAsync(worker.Client, $"TaskQueue = '{worker.Queue}' AND ExecutionStatus = 'Running'");
        Assert.Equal([left.Id], open);
        Assert.Equal([greeted.Id], await IdsAsync(worker.Client, $"ActivityType = 'Greet' AND TaskQueue = '{worker.Queue}'"));
        Assert.Equal(2, (await worker.Client.CountActivitiesAsync($"TaskQueue = '{worker.Queue}'")).Count);
        var groups = (await worker.Client.CountActivitiesAsync($"TaskQueue = '{worker.Queue}' GROUP BY ExecutionStatus")).Groups;
        Assert.Equal(["Completed", "Running"], groups.Select(g => (string)g.GroupValues.Single()).Order());

        await worker.Client.WorkflowService.DeleteActivityExecutionAsync(new DeleteActivityExecutionRequest { Namespace = "default", ActivityId = left.Id });
        Assert.Equal([greeted.Id], await IdsAsync(worker.Client, $"TaskQueue = '{worker.Queue}'"));
        Assert.DoesNotContain(left.Id, await WorkflowIdsAsync(worker.Client, $"TaskQueue = '{worker.Queue}'"));
        var gone = await Assert.ThrowsAsync<RpcException>(() => left.DescribeAsync());
        Assert.Equal(RpcException.StatusCode.NotFound, gone.Code);
    }

    [Fact]
    public async Task A_description_waits_for_the_next_change_and_a_delay_holds_the_first_attempt()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = Options(worker);
        options.StartDelay = TimeSpan.FromDays(1);
        var handle = await worker.Client.StartActivityAsync("Greet", ["Ada"], options);
        var request = new DescribeActivityExecutionRequest { Namespace = "default", ActivityId = handle.Id, RunId = handle.RunId };
        var now = await worker.Client.WorkflowService.DescribeActivityExecutionAsync(request);
        Assert.Equal(TimeSpan.FromDays(1), now.Info.ExecutionTime.ToDateTime() - now.Info.ScheduleTime.ToDateTime());
        request.LongPollToken = now.LongPollToken;

        var next = worker.Client.WorkflowService.DescribeActivityExecutionAsync(request);
        await handle.TerminateAsync();

        Assert.Equal(ActivityExecutionStatus.Terminated, (await next).Info.Status);
        Assert.Empty((await next).LongPollToken);
    }

    [Fact]
    public async Task What_cannot_be_started_is_refused()
    {
        var client = await fixture.ConnectAsync();
        var request = new StartActivityExecutionRequest { Namespace = "default", ActivityId = "a", ActivityType = new() { Name = "Greet" }, TaskQueue = new() { Name = "q" } };
        var timeless = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.StartActivityExecutionAsync(request));
        Assert.Equal((RpcException.StatusCode.InvalidArgument, "A valid StartToClose or ScheduleToCloseTimeout is not set on request."), (timeless.Code, timeless.Message));
        request.StartToCloseTimeout = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(1));
        request.OnConflictOptions = new() { AttachRequestId = true };
        var attached = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.StartActivityExecutionAsync(request));
        Assert.Equal(RpcException.StatusCode.Unimplemented, attached.Code);
    }

    private static StartActivityOptions Options(RunningWorker worker) =>
        new($"activity-{Guid.NewGuid():N}", worker.Queue) { StartToCloseTimeout = TimeSpan.FromSeconds(60) };

    /// <summary>Another request with the same id.</summary>
    private static StartActivityOptions Again(StartActivityOptions options, Action<StartActivityOptions>? set = null)
    {
        var again = (StartActivityOptions)options.Clone();
        set?.Invoke(again);
        return again;
    }

    /// <summary>The worker may be at the end of its attempt still.</summary>
    private static Task<RespondActivityTaskCompletedByIdResponse> CompleteAsync(TemporalClient client, string id) =>
        client.WorkflowService.RespondActivityTaskCompletedByIdAsync(new RespondActivityTaskCompletedByIdRequest { Namespace = "default", ActivityId = id });

    private static async Task<List<string>> IdsAsync(TemporalClient client, string query)
    {
        var found = new List<string>();
        await foreach (var one in client.ListActivitiesAsync(query))
        {
            found.Add(one.ActivityId);
        }

        return found;
    }

    private static async Task<List<string>> WorkflowIdsAsync(TemporalClient client, string query)
    {
        var found = new List<string>();
        await foreach (var one in client.ListWorkflowsAsync(query))
        {
            found.Add(one.Id);
        }

        return found;
    }
}
