using Flagstone.Workflows.Deployments;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;
using Temporalio.Worker;
using Behavior = Temporalio.Common.VersioningBehavior;

namespace Flagstone.Workflows.Tests.Deployments;

/// <summary>Workflows and the versions of their workers, by real workers of Temporal's SDK.</summary>
public sealed class VersionedWorkerTests(HostFixture fixture)
{
    [Fact]
    public async Task A_workflow_that_upgrades_goes_over_to_the_current_version_and_its_activities_with_it()
    {
        await using var bench = new DeploymentBench(await fixture.ConnectAsync());
        await bench.StartAsync("1", Behavior.AutoUpgrade);
        await bench.StartAsync("2", Behavior.AutoUpgrade);
        await bench.SetCurrentAsync("1");
        var handle = await bench.RunAsync();
        Assert.Equal("1", await DeploymentBench.StepAsync(handle, 1));

        await bench.SetCurrentAsync("2");
        Assert.Equal("12", await DeploymentBench.StepAsync(handle, 2));

        var info = await InfoAsync(bench, handle.Id);
        Assert.Equal(bench.Version("2"), info.VersioningInfo.DeploymentVersion);
        Assert.Equal(Temporalio.Api.Enums.V1.VersioningBehavior.AutoUpgrade, info.VersioningInfo.Behavior);
        Assert.Null(info.VersioningInfo.VersionTransition);
        Assert.Equal(bench.Name, info.WorkerDeploymentName);
        await handle.SignalAsync(w => w.DoAsync("end"));
        Assert.Equal("12", await handle.GetResultAsync());
        var history = await ReplayedAsync(handle);
        Assert.Equal(
            ["1", "2"],
            history.Events.Select(e => e.WorkflowTaskCompletedEventAttributes?.DeploymentVersion?.BuildId).Where(b => b is not null).Distinct());
    }

    [Fact]
    public async Task A_pinned_workflow_stays_while_new_ones_go_to_the_current_version_and_its_version_drains()
    {
        await using var bench = new DeploymentBench(await fixture.ConnectAsync());
        await bench.StartAsync("1", Behavior.Pinned);
        await bench.SetCurrentAsync("1");
        var old = await bench.RunAsync();
        Assert.Equal("1", await DeploymentBench.StepAsync(old, 1));
        await bench.StartAsync("2", Behavior.Pinned);
        await bench.SetCurrentAsync("2");

        var next = await bench.RunAsync();
        Assert.Equal("2", await DeploymentBench.StepAsync(next, 1));
        Assert.Equal("11", await DeploymentBench.StepAsync(old, 2));
        Assert.Equal(WorkerDeploymentVersionStatus.Draining, (await bench.DescribeAsync("1")).Status);
        Assert.Equal(old.Id, await OnlyAsync(bench, $"TemporalWorkerDeploymentVersion = '{bench.Name}:1'"));
        Assert.Equal(next.Id, await OnlyAsync(bench, $"BuildIds = 'pinned:{bench.Name}:2'"));
        Assert.Equal(2, await CountAsync(bench, $"TemporalWorkerDeployment = '{bench.Name}' AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'"));

        await old.SignalAsync(w => w.DoAsync("end"));
        Assert.Equal("11", await old.GetResultAsync());
        var drained = await bench.DescribeAsync("1");
        Assert.Equal((WorkerDeploymentVersionStatus.Drained, VersionDrainageStatus.Drained), (drained.Status, drained.DrainageInfo.Status));
        Assert.Equal(0, await CountAsync(bench, $"BuildIds = 'pinned:{bench.Name}:1' AND ExecutionStatus = 'Running'"));
        await ReplayedAsync(old);
    }

    [Fact]
    public async Task Children_and_runs_that_continue_a_pinned_workflow_stay_at_its_version()
    {
        await using var bench = new DeploymentBench(await fixture.ConnectAsync());
        await bench.StartAsync("1", Behavior.Pinned);
        await bench.SetCurrentAsync("1");
        var handle = await bench.RunAsync();
        Assert.Equal("1", await DeploymentBench.StepAsync(handle, 1));
        await bench.StartAsync("2", Behavior.Pinned);
        await bench.SetCurrentAsync("2");

        await handle.SignalAsync(w => w.DoAsync("child"));
        await DeploymentBench.UntilAsync(async () => await handle.QueryAsync(w => w.Seen()) == "1(1)", "the child's build");
        await handle.SignalAsync(w => w.DoAsync("continue"));
        var next = bench.Client.GetWorkflowHandle<VersionedWorkflow, string>(handle.Id);
        await DeploymentBench.UntilAsync(async () => (await next.DescribeAsync()).RunId != handle.ResultRunId, "the next run");
        await DeploymentBench.UntilAsync(async () => await next.QueryAsync(w => w.Seen()) == "1(1)", "the next run's first task");
        await next.SignalAsync(w => w.DoAsync("step"));
        await next.SignalAsync(w => w.DoAsync("end"));

        Assert.Equal("1(1)1", await next.GetResultAsync());
        var started = (await next.FetchHistoryAsync()).Events.First().WorkflowExecutionStartedEventAttributes;
        Assert.Equal(bench.Version("1"), started.InheritedPinnedVersion);
    }

    [Fact]
    public async Task A_ramp_takes_workflows_by_their_ids()
    {
        await using var bench = new DeploymentBench(await fixture.ConnectAsync());
        await bench.StartAsync("1", Behavior.Pinned);
        await bench.StartAsync("2", Behavior.Pinned);
        await bench.SetCurrentAsync("1");
        var token = (await bench.SetRampingAsync("2", 40)).ConflictToken;
        var ids = Enumerable.Range(0, 200).Select(_ => $"wf-{Guid.NewGuid():N}").ToList();
        var (ramped, other) = (ids.First(i => WorkflowPlace.IsWithin(WorkflowPlace.Of(i), 40)), ids.First(i => !WorkflowPlace.IsWithin(WorkflowPlace.Of(i), 40)));

        Assert.Equal("2", await DeploymentBench.StepAsync(await bench.RunAsync(id: ramped), 1));
        Assert.Equal("1", await DeploymentBench.StepAsync(await bench.RunAsync(id: other), 1));

        var queue = await bench.Service.DescribeTaskQueueAsync(new DescribeTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = bench.Queue } });
        Assert.Equal((bench.Version("1"), bench.Version("2"), 40f), (queue.VersioningInfo.CurrentDeploymentVersion, queue.VersioningInfo.RampingDeploymentVersion, queue.VersioningInfo.RampingVersionPercentage));
        Assert.Equal(["1", "2"], queue.Pollers.Select(p => p.DeploymentOptions.BuildId).Order());
        Assert.Equal((await bench.DescribeAsync()).ConflictToken, token);
        Assert.Equal(WorkerDeploymentVersionStatus.Ramping, (await bench.DescribeAsync("2")).Status);
    }

    [Fact]
    public async Task An_override_pins_a_workflow_at_its_start_and_afterwards_and_is_taken_back()
    {
        await using var bench = new DeploymentBench(await fixture.ConnectAsync());
        await bench.StartAsync("1", Behavior.AutoUpgrade);
        await bench.StartAsync("2", Behavior.AutoUpgrade);
        await bench.SetCurrentAsync("1");
        var pin = new VersioningOverride.Pinned(new WorkerDeploymentVersion(bench.Name, "2"));
        var handle = await bench.RunAsync(o => o.VersioningOverride = pin);
        Assert.Equal("2", await DeploymentBench.StepAsync(handle, 1));

        await OverrideAsync(bench, handle.Id, null);
        Assert.Equal("21", await DeploymentBench.StepAsync(handle, 2));
        var said = await OverrideAsync(bench, handle.Id, "2");
        Assert.Equal("212", await DeploymentBench.StepAsync(handle, 3));

        Assert.Equal("2", said.WorkflowExecutionOptions.VersioningOverride.Pinned.Version.BuildId);
        Assert.Equal(said.WorkflowExecutionOptions.VersioningOverride, (await InfoAsync(bench, handle.Id)).VersioningInfo.VersioningOverride);
        var missing = await Assert.ThrowsAsync<RpcException>(() => OverrideAsync(bench, handle.Id, "3"));
        Assert.Equal(RpcException.StatusCode.FailedPrecondition, missing.Code);
        await handle.SignalAsync(w => w.DoAsync("end"));
        await handle.GetResultAsync();
        await ReplayedAsync(handle);
    }

    [Fact]
    public async Task A_reset_pins_the_run_that_goes_on_where_the_version_has_its_queue()
    {
        await using var bench = new DeploymentBench(await fixture.ConnectAsync());
        await bench.StartAsync("1", Behavior.Pinned);
        await bench.StartAsync("2", Behavior.Pinned);
        await bench.SetCurrentAsync("1");
        var handle = await bench.RunAsync();
        Assert.Equal("1", await DeploymentBench.StepAsync(handle, 1));
        var first = (await handle.FetchHistoryAsync()).Events.First(e => e.EventType == EventType.WorkflowTaskCompleted).EventId;
        var missing = await Assert.ThrowsAsync<RpcException>(() => ResetAsync(bench, handle.Id, first, "3"));
        Assert.Equal(RpcException.StatusCode.FailedPrecondition, missing.Code);

        await ResetAsync(bench, handle.Id, first, "2");

        // The step that came later is told again, and the version of the override does it.
        var next = bench.Client.GetWorkflowHandle<VersionedWorkflow, string>(handle.Id);
        await DeploymentBench.UntilAsync(async () => await next.QueryAsync(w => w.Seen()) == "2", "the step to be done again");
        var info = (await InfoAsync(bench, handle.Id)).VersioningInfo;
        Assert.Equal((bench.Version("2"), "2"), (info.DeploymentVersion, info.VersioningOverride.Pinned.Version.BuildId));
        await next.SignalAsync(w => w.DoAsync("end"));
        await next.GetResultAsync();
        await ReplayedAsync(next);
    }

    [Fact]
    public async Task Workflows_go_over_from_workers_without_a_version_and_back()
    {
        await using var bench = new DeploymentBench(await fixture.ConnectAsync());
        using var plain = new TemporalWorker(bench.Client, new TemporalWorkerOptions(bench.Queue).AddWorkflow<VersionedWorkflow>().AddAllActivities(new BuildActivity("-")));
        await plain.ExecuteAsync(async () =>
        {
            var handle = await bench.RunAsync();
            Assert.Equal("-", await DeploymentBench.StepAsync(handle, 1));
            await bench.StartAsync("1", Behavior.AutoUpgrade);
            Assert.Equal("--", await DeploymentBench.StepAsync(handle, 2));
            await bench.SetCurrentAsync("1");
            Assert.Equal("--1", await DeploymentBench.StepAsync(handle, 3));
            await bench.SetCurrentAsync("");
            Assert.Equal("--1-", await DeploymentBench.StepAsync(handle, 4));
            await handle.SignalAsync(w => w.DoAsync("end"));
            await handle.GetResultAsync();
            await ReplayedAsync(handle);
        }, TestContext.Current.CancellationToken);
    }

    private static async Task<WorkflowHistory> ReplayedAsync(WorkflowHandle handle)
    {
        var history = await handle.FetchHistoryAsync();
        Assert.Equal(Enumerable.Range(1, history.Events.Count).Select(i => (long)i), history.Events.Select(e => e.EventId));
        await new WorkflowReplayer(new WorkflowReplayerOptions().AddWorkflow<VersionedWorkflow>()).ReplayWorkflowAsync(history);
        return history;
    }

    private static Task<UpdateWorkflowExecutionOptionsResponse> OverrideAsync(DeploymentBench bench, string id, string? build) =>
        bench.Service.UpdateWorkflowExecutionOptionsAsync(new UpdateWorkflowExecutionOptionsRequest
        {
            Namespace = "default", WorkflowExecution = new() { WorkflowId = id }, UpdateMask = new() { Paths = { "versioning_override" } },
            WorkflowExecutionOptions = Pin(bench, build),
        });

    private static Task<ResetWorkflowExecutionResponse> ResetAsync(DeploymentBench bench, string id, long finish, string build) =>
        bench.Service.ResetWorkflowExecutionAsync(new ResetWorkflowExecutionRequest
        {
            Namespace = "default", WorkflowExecution = new() { WorkflowId = id }, WorkflowTaskFinishEventId = finish, Reason = "go back",
            PostResetOperations =
            {
                new Temporalio.Api.Workflow.V1.PostResetOperation
                {
                    UpdateWorkflowOptions = new() { WorkflowExecutionOptions = Pin(bench, build), UpdateMask = new() { Paths = { "versioning_override" } } },
                },
            },
        });

    private static Temporalio.Api.Workflow.V1.WorkflowExecutionOptions Pin(DeploymentBench bench, string? build) => new()
    {
        VersioningOverride = build is null ? null : new()
        {
            Pinned = new() { Behavior = Temporalio.Api.Workflow.V1.VersioningOverride.Types.PinnedOverrideBehavior.Pinned, Version = bench.Version(build) },
        },
    };

    private static async Task<Temporalio.Api.Workflow.V1.WorkflowExecutionInfo> InfoAsync(DeploymentBench bench, string id) =>
        (await bench.Service.DescribeWorkflowExecutionAsync(new DescribeWorkflowExecutionRequest { Namespace = "default", Execution = new() { WorkflowId = id } }))
            .WorkflowExecutionInfo;

    private static async Task<long> CountAsync(DeploymentBench bench, string query) => (await bench.Client.CountWorkflowsAsync(query)).Count;

    private static async Task<string> OnlyAsync(DeploymentBench bench, string query)
    {
        var found = new List<string>();
        await foreach (var run in bench.Client.ListWorkflowsAsync(query))
        {
            found.Add(run.Id);
        }

        return Assert.Single(found);
    }
}
