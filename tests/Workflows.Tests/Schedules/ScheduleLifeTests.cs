using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Schedules;
using Flagstone.Workflows.Tests.Outbox;
using Google.Protobuf;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.Schedules;

/// <summary>What is asked of executions and schedules again, as after a crash or a lost answer.</summary>
public sealed class ScheduleLifeTests : IAsyncLifetime
{
    private readonly WorkflowSilo silo = new();

    public ValueTask InitializeAsync() => silo.InitializeAsync();

    public ValueTask DisposeAsync() => silo.DisposeAsync();

    [Fact]
    public async Task A_scheduled_start_that_is_asked_again_starts_nothing()
    {
        var key = new ExecutionKey("ns", "scheduled");
        var runId = Guid.NewGuid().ToString();
        var start = WorkflowSilo.Request(key);
        start.WorkflowIdReusePolicy = Temporalio.Api.Enums.V1.WorkflowIdReusePolicy.AllowDuplicate;
        var call = new Call(start.ToByteArray(), runId, "", "");

        var first = await silo.Execution(key).StartScheduledAsync(call, "schedule");
        await silo.Execution(key).TerminateAsync(new Call(new TerminateWorkflowExecutionRequest().ToByteArray(), "", "tester", "tester"));
        var other = await silo.Execution(key).StartScheduledAsync(call with { RunId = Guid.NewGuid().ToString() }, "schedule");
        var again = await silo.Execution(key).StartScheduledAsync(call, "schedule");

        Assert.Equal([runId, runId], new[] { first, again }.Select(a => a.As<StartWorkflowExecutionResponse>().RunId));
        // The same request id without the run: it is of another start, and refused rather than doubled.
        Assert.NotNull(other.Refusal);
        Assert.Equal(runId, (await silo.Executions.FindRunAsync(key, "", CancellationToken.None))!.RunId);
    }

    [Fact]
    public async Task A_creation_and_a_patch_that_are_asked_again_change_nothing()
    {
        var schedule = silo.Schedule(new ScheduleKey("ns", "asked-again"));
        var create = Call(new CreateScheduleRequest { Namespace = "default", ScheduleId = "asked-again", RequestId = "create", Schedule = Any() });
        var patch = Call(new PatchScheduleRequest { RequestId = "patch", Patch = new SchedulePatch { Pause = "Once." } });

        var first = (await schedule.CreateAsync(create)).As<CreateScheduleResponse>();
        var again = (await schedule.CreateAsync(create)).As<CreateScheduleResponse>();
        await schedule.PatchAsync(patch);
        var paused = (await schedule.DescribeAsync()).As<DescribeScheduleResponse>();
        await schedule.PatchAsync(patch);

        Assert.Equal(first.ConflictToken, again.ConflictToken);
        Assert.NotEqual(first.ConflictToken, paused.ConflictToken);
        Assert.Equal(paused.ConflictToken, (await schedule.DescribeAsync()).As<DescribeScheduleResponse>().ConflictToken);
    }

    [Fact]
    public async Task A_schedule_of_a_namespace_that_is_gone_starts_nothing()
    {
        var schedule = silo.Schedule(new ScheduleKey("gone", "orphan"));
        await schedule.CreateAsync(Call(new CreateScheduleRequest
        {
            Namespace = "no-such-namespace", ScheduleId = "orphan", RequestId = "create", Schedule = Any(),
            InitialPatch = new SchedulePatch { TriggerImmediately = new TriggerImmediatelyRequest() },
        }));

        await schedule.ReconcileAsync();

        var described = (await schedule.DescribeAsync()).As<DescribeScheduleResponse>();
        Assert.Equal((0L, 0L, 0), (described.Info.ActionCount, described.Info.BufferSize, described.Info.RunningWorkflows.Count));
    }

    private static Call Call(IMessage request) => new(request.ToByteArray(), "", "tester", "tester");

    private static Schedule Any() => new()
    {
        Spec = new ScheduleSpec { Interval = { new IntervalSpec { Interval = new() { Seconds = 86_400 } } } },
        Action = new ScheduleAction { StartWorkflow = new() { WorkflowId = "wf", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "queue" } } },
        Policies = new SchedulePolicies(),
        State = new Temporalio.Api.Schedule.V1.ScheduleState(),
    };
}
