using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Client.Schedules;
using Temporalio.Common;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Schedules;

/// <summary>Schedules with the real client and worker of the .NET SDK.</summary>
public sealed class ScheduleTests(HostFixture fixture)
{
    private static readonly DateTime Past = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Only what never happens takes so long, on however busy a machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string id = $"schedule-{Guid.NewGuid():N}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_schedule_is_described_as_it_was_made_with_its_next_times()
    {
        var client = await fixture.ConnectAsync();
        var schedule = Of(Hello("nobody"), new ScheduleSpec
        {
            Calendars = [new ScheduleCalendarSpec { Hour = [new ScheduleRange(9, 17, 4)], DayOfWeek = [new ScheduleRange(1, 5)], Comment = "in the office" }],
            CronExpressions = ["30 12 * * MON"],
            Intervals = [new ScheduleIntervalSpec(TimeSpan.FromDays(10), TimeSpan.FromDays(2))],
            TimeZoneName = "Europe/Berlin",
        });
        schedule = schedule with { State = new ScheduleState { Note = "A note.", Paused = true } };

        var handle = await client.CreateScheduleAsync(id, schedule, new ScheduleOptions { Memo = new Dictionary<string, object> { ["owner"] = "Ada" } });
        var described = await handle.DescribeAsync();

        Assert.Equal(2, described.Schedule.Spec.Calendars.Count);
        Assert.Empty(described.Schedule.Spec.CronExpressions);
        Assert.Equal("in the office", described.Schedule.Spec.Calendars.First().Comment);
        Assert.Equal(new ScheduleRange(12, 12, 1), Assert.Single(described.Schedule.Spec.Calendars.Last().Hour));
        Assert.Equal(new ScheduleIntervalSpec(TimeSpan.FromDays(10), TimeSpan.FromDays(2)), Assert.Single(described.Schedule.Spec.Intervals));
        Assert.Equal(("A note.", true), (described.Schedule.State.Note, described.Schedule.State.Paused));
        Assert.Equal("Ada", await described.Memo["owner"].ToValueAsync<string>());
        Assert.Equal(10, described.Info.NextActionTimes.Count);
        Assert.Equal(0, described.Info.NumActions);
    }

    [Fact]
    public async Task An_id_is_used_once_and_a_deleted_one_again()
    {
        var client = await fixture.ConnectAsync();
        var schedule = Of(Hello("nobody"));
        var handle = await client.CreateScheduleAsync(id, schedule);

        await Assert.ThrowsAsync<ScheduleAlreadyRunningException>(() => client.CreateScheduleAsync(id, schedule));
        await handle.DeleteAsync();

        Assert.Equal(RpcException.StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => handle.DescribeAsync())).Code);
        Assert.Equal(RpcException.StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => handle.DeleteAsync())).Code);
        Assert.Equal(id, (await client.CreateScheduleAsync(id, schedule)).Id);
    }

    [Fact]
    public async Task Each_time_starts_a_workflow_of_its_own_that_gets_the_last_result()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var action = ScheduleActionStartWorkflow.Create((TickingWorkflow w) => w.RunAsync(), worker.Options(id));
        var handle = await worker.Client.CreateScheduleAsync(id, Of(action));

        await handle.BackfillAsync([new ScheduleBackfill(Past, Past.AddHours(2), ScheduleOverlapPolicy.BufferAll)]);
        var described = await UntilAsync(handle, d => HasEnded(d, 3));

        for (var hour = 0; hour < 3; hour++)
        {
            var started = worker.Client.GetWorkflowHandle($"{id}-2026-01-01T0{hour}:00:00Z");
            Assert.Equal(hour + 1, await started.GetResultAsync<int>());
            var attributes = (await started.DescribeAsync()).TypedSearchAttributes;
            Assert.Equal(id, attributes.Get(SearchAttributeKey.CreateKeyword("TemporalScheduledById")));
            Assert.Equal(Past.AddHours(hour), attributes.Get(SearchAttributeKey.CreateDateTimeOffset("TemporalScheduledStartTime")));
            await started.ReplayedAsync();
        }

        Assert.Equal(3, described.Info.NumActions);
        Assert.Empty(described.Info.RunningActions);
        Assert.Equal([Past, Past.AddHours(1), Past.AddHours(2)], described.Info.RecentActions.Select(a => a.ScheduledAt));
    }

    [Fact]
    public async Task A_schedule_acts_by_itself_as_often_as_it_may()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var schedule = Of(Hello(worker.Queue), new ScheduleSpec { Intervals = [new ScheduleIntervalSpec(TimeSpan.FromSeconds(1))] });
        schedule = schedule with
        {
            Policy = new SchedulePolicy { Overlap = ScheduleOverlapPolicy.AllowAll }, State = new ScheduleState { LimitedActions = true, RemainingActions = 2 },
        };

        var handle = await worker.Client.CreateScheduleAsync(id, schedule);
        var described = await UntilAsync(handle, d => HasEnded(d, 2));

        Assert.Equal((2, 0), (described.Info.NumActions, described.Schedule.State.RemainingActions));
        Assert.Empty(described.Info.NextActionTimes);
        Assert.Equal(TimeSpan.FromSeconds(1), described.Info.RecentActions.Last().ScheduledAt - described.Info.RecentActions.First().ScheduledAt);
    }

    [Fact]
    public async Task A_trigger_starts_at_once_unless_a_run_is_in_the_way_which_another_policy_cancels()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.CreateScheduleAsync(
            id, Of(ScheduleActionStartWorkflow.Create((ListeningWorkflow w) => w.RunAsync(), worker.Options(id))),
            new ScheduleOptions { TriggerImmediately = true });
        var first = Assert.Single((await UntilAsync(handle, d => d.Info.RunningActions.Count == 1)).Info.RunningActions);

        await handle.TriggerAsync();
        await UntilAsync(handle, d => d.Info.NumActionsSkippedOverlap == 1);
        await handle.BackfillAsync([new ScheduleBackfill(Past, Past, ScheduleOverlapPolicy.CancelOther)]);
        var second = worker.Client.GetWorkflowHandle($"{id}-2026-01-01T00:00:00Z");
        await UntilAsync(handle, d => d.Info.NumActions == 2);
        await second.SignalAsync("End", []);

        Assert.Equal("", await second.GetResultAsync<string>());
        var cancelled = (ScheduleActionExecutionStartWorkflow)first;
        var run = await worker.Client.GetWorkflowHandle(cancelled.WorkflowId, cancelled.FirstExecutionRunId).DescribeAsync();
        Assert.Equal(WorkflowExecutionStatus.Canceled, run.Status);
    }

    [Fact]
    public async Task A_failure_pauses_a_schedule_that_says_so()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var schedule = Of(ScheduleActionStartWorkflow.Create((StubbornWorkflow w) => w.RunAsync(2), worker.Options(id)));
        var handle = await worker.Client.CreateScheduleAsync(id, schedule with { Policy = new SchedulePolicy { PauseOnFailure = true } });

        await handle.TriggerAsync();
        var described = await UntilAsync(handle, d => d.Schedule.State.Paused);

        Assert.Contains("Attempt 1 fails.", described.Schedule.State.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schedule_is_paused_and_changed_once_for_what_was_seen_of_it()
    {
        var client = await fixture.ConnectAsync();
        var handle = await client.CreateScheduleAsync(id, Of(Hello("nobody")));
        var seen = await client.WorkflowService.DescribeScheduleAsync(new DescribeScheduleRequest { Namespace = "default", ScheduleId = id });

        await handle.PauseAsync("Holidays.");
        var paused = await handle.DescribeAsync();
        await handle.UpdateAsync(input => new ScheduleUpdate(input.Description.Schedule with
        {
            Spec = new ScheduleSpec { Intervals = [new ScheduleIntervalSpec(TimeSpan.FromDays(1))] },
        }));
        await handle.UnpauseAsync("Back.");
        var changed = await handle.DescribeAsync();

        Assert.Equal((true, "Holidays."), (paused.Schedule.State.Paused, paused.Schedule.State.Note));
        Assert.Equal((false, "Back."), (changed.Schedule.State.Paused, changed.Schedule.State.Note));
        Assert.Equal(TimeSpan.FromDays(1), Assert.Single(changed.Schedule.Spec.Intervals).Every);
        Assert.NotNull(changed.Info.LastUpdatedAt);
        var stale = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.UpdateScheduleAsync(new UpdateScheduleRequest
        {
            Namespace = "default", ScheduleId = id, Schedule = seen.Schedule, ConflictToken = seen.ConflictToken,
        }));
        Assert.Equal(RpcException.StatusCode.FailedPrecondition, stale.Code);
    }

    [Fact]
    public async Task Schedules_are_found_by_their_attributes_and_their_pause_and_are_no_workflows()
    {
        var client = await fixture.ConnectAsync();
        var attribute = $"Group{Guid.NewGuid():N}";
        await client.OperatorService.AddSearchAttributesAsync(
            new AddSearchAttributesRequest { Namespace = "default", SearchAttributes = { [attribute] = IndexedValueType.Keyword } });
        var key = SearchAttributeKey.CreateKeyword(attribute);
        for (var i = 0; i < 3; i++)
        {
            var options = new ScheduleOptions
            {
                TypedSearchAttributes = new SearchAttributeCollection.Builder().Set(key, i < 2 ? "a" : "b").ToSearchAttributeCollection(),
            };
            await client.CreateScheduleAsync($"{id}-{i}", Of(Hello("nobody")), options);
        }

        await client.GetScheduleHandle($"{id}-1").PauseAsync();

        Assert.Equal([$"{id}-0", $"{id}-1"], await ListAsync(client, $"{attribute} = 'a'"));
        Assert.Equal([$"{id}-1"], await ListAsync(client, $"{attribute} = 'a' AND TemporalSchedulePaused = true"));
        Assert.Equal([$"{id}-2"], await ListAsync(client, $"ScheduleId = '{id}-2'"));
        var all = new CountSchedulesRequest { Namespace = "default", Query = $"{attribute} IS NOT NULL" };
        Assert.Equal(3, (await client.WorkflowService.CountSchedulesAsync(all)).Count);
        Assert.Equal(0, (await client.CountWorkflowsAsync($"{attribute} IS NOT NULL")).Count);
        await client.GetScheduleHandle($"{id}-0").DeleteAsync();
        Assert.Equal([$"{id}-1"], await ListAsync(client, $"{attribute} = 'a'"));
    }

    [Fact]
    public async Task The_times_between_two_are_listed()
    {
        var client = await fixture.ConnectAsync();
        await client.CreateScheduleAsync(id, Of(Hello("nobody")));

        var answer = await client.WorkflowService.ListScheduleMatchingTimesAsync(new ListScheduleMatchingTimesRequest
        {
            Namespace = "default", ScheduleId = id, StartTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTime(Past),
            EndTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTime(Past.AddHours(2)),
        });

        Assert.Equal([Past, Past.AddHours(1), Past.AddHours(2)], answer.StartTime.Select(t => t.ToDateTime()));
    }

    [Fact]
    public async Task A_schedule_that_cannot_be_is_refused()
    {
        var client = await fixture.ConnectAsync();

        var refused = await Assert.ThrowsAsync<RpcException>(() => client.CreateScheduleAsync(
            id, Of(Hello("nobody"), new ScheduleSpec { CronExpressions = ["often"] })));

        Assert.Equal(RpcException.StatusCode.InvalidArgument, refused.Code);
        Assert.Contains("'often'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Times_that_no_calendar_has_are_refused_and_those_at_its_ends_are_answered()
    {
        var client = await fixture.ConnectAsync();
        var handle = await client.CreateScheduleAsync(id, Of(Hello("nobody"), new ScheduleSpec { Intervals = [new ScheduleIntervalSpec(TimeSpan.FromDays(36_500))] }));
        var first = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = -62_135_596_800 };
        var last = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = 253_402_300_799 };
        var never = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = long.MaxValue };

        foreach (var call in (Func<Task>[])[
            () => TimesAsync(first, never),
            () => client.WorkflowService.PatchScheduleAsync(new() { Namespace = "default", ScheduleId = id, Patch = new() { BackfillRequest = { new Temporalio.Api.Schedule.V1.BackfillRequest { StartTime = first, EndTime = never } } } }),
            () => client.WorkflowService.PatchScheduleAsync(new() { Namespace = "default", ScheduleId = id, Patch = new() { TriggerImmediately = new() { ScheduledTime = never } } }),
            () => client.WorkflowService.CreateScheduleAsync(new()
            {
                Namespace = "default", ScheduleId = $"{id}-never", Schedule = new()
                {
                    Spec = new() { StartTime = never },
                    Action = new() { StartWorkflow = new() { WorkflowId = "wf", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "nobody" } } },
                },
            })])
        {
            Assert.Equal(RpcException.StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(call)).Code);
        }

        Assert.NotEmpty((await TimesAsync(first, last)).StartTime);
        Assert.Empty((await TimesAsync(last, last)).StartTime);
        await client.WorkflowService.PatchScheduleAsync(
            new() { Namespace = "default", ScheduleId = id, Patch = new() { BackfillRequest = { new Temporalio.Api.Schedule.V1.BackfillRequest { StartTime = first, EndTime = first } } } });
        await handle.DeleteAsync();

        Task<ListScheduleMatchingTimesResponse> TimesAsync(Google.Protobuf.WellKnownTypes.Timestamp from, Google.Protobuf.WellKnownTypes.Timestamp to) =>
            client.WorkflowService.ListScheduleMatchingTimesAsync(new() { Namespace = "default", ScheduleId = id, StartTime = from, EndTime = to });
    }

    [Fact]
    public async Task Who_only_reads_sees_a_schedule_and_does_not_change_it()
    {
        await (await fixture.ConnectAsync()).CreateScheduleAsync(id, Of(Hello("nobody")));
        var viewer = await fixture.ConnectAsync(await FrontendTests.IssueAsync(fixture.Host, $"schedules-{Guid.NewGuid():N}", "viewer"));

        Assert.Equal(id, (await viewer.GetScheduleHandle(id).DescribeAsync()).Id);

        var refused = await Assert.ThrowsAsync<RpcException>(() => viewer.GetScheduleHandle(id).PauseAsync());
        Assert.Equal(RpcException.StatusCode.PermissionDenied, refused.Code);
    }

    /// <summary>Asks until a schedule is as told; who waits in vain is told how it is.</summary>
    internal static async Task<ScheduleDescription> UntilAsync(ScheduleHandle handle, Func<ScheduleDescription, bool> isSo)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(Patience);
        while (true)
        {
            var described = await handle.DescribeAsync();
            if (isSo(described))
            {
                return described;
            }

            Assert.False(
                patience.IsCancellationRequested,
                $"{handle.Id} has acted {described.Info.NumActions} times, skipped {described.Info.NumActionsSkippedOverlap}, "
                + $"runs {described.Info.RunningActions.Count}, paused: {described.Schedule.State.Paused}");
        }
    }

    internal static bool HasEnded(ScheduleDescription described, int actions) =>
        described.Info.NumActions == actions && described.Info.RunningActions.Count == 0;

    internal static Schedule Of(ScheduleAction action, ScheduleSpec? spec = null) =>
        new(action, spec ?? new ScheduleSpec { Intervals = [new ScheduleIntervalSpec(TimeSpan.FromHours(1))] });

    private static async Task<List<string>> ListAsync(TemporalClient client, string query)
    {
        var found = new List<string>();
        await foreach (var schedule in client.ListSchedulesAsync(new ScheduleListOptions { Query = query }).WithCancellation(Ct))
        {
            Assert.Equal(nameof(HelloWorkflow), ((ScheduleListActionStartWorkflow)schedule.Schedule!.Action).Workflow);
            Assert.Equal(5, schedule.Info!.NextActionTimes.Count);
            found.Add(schedule.Id);
        }

        return [.. found.Order(StringComparer.Ordinal)];
    }

    private ScheduleActionStartWorkflow Hello(string queue) =>
        ScheduleActionStartWorkflow.Create((HelloWorkflow w) => w.RunAsync("Ada"), new WorkflowOptions(id, queue));
}
