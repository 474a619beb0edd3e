using Flagstone.Platform.Storage;
using Flagstone.Testing;
using Flagstone.Workflows.Discarding;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Data.Sqlite;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>Runs that are deleted leave nothing, whoever deletes them.</summary>
public sealed class DeletionTests(HostFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string[] Tables = ["workflow_run", "workflow_event", "workflow_task", "workflow_visibility", "workflow_attribute"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_deleted_run_is_terminated_first_and_leaves_nothing()
    {
        var client = await fixture.ConnectAsync();
        var handle = await StartAsync(client, $"wf-{Guid.NewGuid():N}");

        await DeleteAsync(client, handle.Id);

        await IsGoneAsync(fixture.Host, client, handle.Id, handle.ResultRunId!);
        await NotFoundAsync(() => DeleteAsync(client, handle.Id));
        await NotFoundAsync(() => handle.SignalAsync("any", []));
        // The id is as if it had never been used.
        var again = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions(handle.Id, "nobody") { IdReusePolicy = WorkflowIdReusePolicy.RejectDuplicate });
        Assert.Equal(WorkflowExecutionStatus.Running, (await again.DescribeAsync()).Status);
    }

    [Fact]
    public async Task The_run_before_a_deleted_one_is_the_current_one_until_it_is_deleted_too()
    {
        var client = await fixture.ConnectAsync();
        var id = $"wf-{Guid.NewGuid():N}";
        var first = await StartAsync(client, id);
        await first.TerminateAsync();
        var second = await StartAsync(client, id);

        await DeleteAsync(client, id, second.ResultRunId!);
        await IsGoneAsync(fixture.Host, client, id, second.ResultRunId!);
        var now = await client.GetWorkflowHandle(id).DescribeAsync();
        Assert.Equal((first.ResultRunId, WorkflowExecutionStatus.Terminated), (now.RunId, now.Status));

        // Its answers are those of a run that is over, and a new one may follow it.
        Assert.Equal("workflow execution already completed", (await Assert.ThrowsAsync<RpcException>(() => client.GetWorkflowHandle(id).SignalAsync("any", []))).Message);
        var third = await StartAsync(client, id);
        await DeleteAsync(client, id, first.ResultRunId!);
        await IsGoneAsync(fixture.Host, client, id, first.ResultRunId!);
        Assert.Equal(third.ResultRunId, (await client.GetWorkflowHandle(id).DescribeAsync()).RunId);
    }

    [Fact]
    public async Task Who_only_reads_deletes_nothing()
    {
        var client = await fixture.ConnectAsync();
        var handle = await StartAsync(client, $"wf-{Guid.NewGuid():N}");
        var viewer = await fixture.ConnectAsync(await FrontendTests.IssueAsync(fixture.Host, $"deletes-{Guid.NewGuid():N}", "viewer"));

        Assert.Equal(RpcException.StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => DeleteAsync(viewer, handle.Id))).Code);

        Assert.Equal(WorkflowExecutionStatus.Running, (await handle.DescribeAsync()).Status);
    }

    [Fact]
    public async Task A_closed_run_goes_when_its_namespace_has_kept_it_long_enough_and_one_that_is_not_so_old_stays()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var client = await HostFixture.ConnectAsync(host);
        var old = await StartAsync(client, "old");
        var recent = await StartAsync(client, "recent");
        var open = await StartAsync(client, "open");
        var lengthy = await StartAsync(client, "lengthy");
        await Task.WhenAll(old.TerminateAsync(), recent.TerminateAsync(), lengthy.TerminateAsync());
        await host.StopAsync();
        await AgeAsync(host, old.ResultRunId!, TimeSpan.FromHours(73));
        await AgeAsync(host, recent.ResultRunId!, TimeSpan.FromHours(71));
        await AgeAsync(host, lengthy.ResultRunId!, TimeSpan.FromHours(73), DiscardStore.MaxEventsAtOnce * 2 + 1);

        await host.StartAgainAsync(Ct);

        client = await HostFixture.ConnectAsync(host);
        await UntilGoneAsync(host, old.ResultRunId!);
        await UntilGoneAsync(host, lengthy.ResultRunId!);
        Assert.Equal(0, await CountAsync(host, "SELECT COUNT(*) FROM workflow_discarded"));
        Assert.Equal(WorkflowExecutionStatus.Terminated, (await client.GetWorkflowHandle("recent").DescribeAsync()).Status);
        Assert.Equal(WorkflowExecutionStatus.Running, (await client.GetWorkflowHandle("open").DescribeAsync()).Status);
        await NotFoundAsync(() => client.GetWorkflowHandle("old").DescribeAsync());
    }

    [Fact]
    public async Task The_runs_and_schedules_of_a_deleted_namespace_go_with_it()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var client = await HostFixture.ConnectAsync(host);
        await client.WorkflowService.RegisterNamespaceAsync(new RegisterNamespaceRequest { Namespace = "gone", WorkflowExecutionRetentionPeriod = Duration.FromTimeSpan(TimeSpan.FromDays(1)) });
        Task<StartWorkflowExecutionResponse> BeginAsync(string id) => client.WorkflowService.StartWorkflowExecutionAsync(
            new StartWorkflowExecutionRequest { Namespace = "gone", WorkflowId = id, WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "nobody" } });
        var (one, two) = (await BeginAsync("one"), await BeginAsync("two"));
        var schedule = await client.WorkflowService.CreateScheduleAsync(new CreateScheduleRequest
        {
            Namespace = "gone", ScheduleId = "three",
            Schedule = new() { Action = new() { StartWorkflow = new() { WorkflowId = "three", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "nobody" } } } },
        });
        var kept = await StartAsync(client, "kept");

        await client.OperatorService.DeleteNamespaceAsync(new DeleteNamespaceRequest { Namespace = "gone" });
        Assert.Equal(RpcException.StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => BeginAsync("late"))).Code);
        await UntilGoneAsync(host, one.RunId);
        await UntilGoneAsync(host, two.RunId);
        await UntilGoneAsync(host, schedule.ConflictToken.ToStringUtf8().Split('/')[0]);
        Assert.Equal(0, await CountAsync(host, "SELECT COUNT(*) FROM workflow_schedule"));
        Assert.Equal(WorkflowExecutionStatus.Running, (await client.GetWorkflowHandle("kept").DescribeAsync()).Status);
    }

    private static Task<WorkflowHandle<ListeningWorkflow, string>> StartAsync(TemporalClient client, string id) =>
        client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions(id, "nobody"));

    private static Task<DeleteWorkflowExecutionResponse> DeleteAsync(TemporalClient client, string id, string run = "") => client.WorkflowService.DeleteWorkflowExecutionAsync(
        new DeleteWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = id, RunId = run } });

    private static async Task NotFoundAsync(Func<Task> call) => Assert.Equal(RpcException.StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(call)).Code);

    private static async Task IsGoneAsync(RunningHost host, TemporalClient client, string id, string run)
    {
        await NotFoundAsync(() => client.GetWorkflowHandle(id, run).DescribeAsync());
        await NotFoundAsync(() => client.GetWorkflowHandle(id, run).FetchHistoryAsync());
        Assert.Equal(0, await RowsAsync(host, run));
    }

    internal static async Task UntilGoneAsync(RunningHost host, string run)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await RowsAsync(host, run) is > 0 and var rows)
        {
            Assert.False(deadline.IsCancellationRequested, $"Waited {Patience} for run {run} to go; it has {rows} rows.");
            await pace.WaitForNextTickAsync(Ct);
        }
    }

    private static async Task<long> RowsAsync(RunningHost host, string run)
    {
        var rows = 0L;
        foreach (var table in Tables)
        {
            rows += await CountAsync(host, $"SELECT COUNT(*) FROM {table} WHERE run = '{run}'");
        }

        return rows;
    }

    private static async Task<long> CountAsync(RunningHost host, string sql)
    {
        await using var connection = await OpenAsync(host);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    /// <summary>Makes a run of a stopped host older, and its history longer.</summary>
    internal static async Task AgeAsync(RunningHost host, string run, TimeSpan age, int events = 0)
    {
        await using var connection = await OpenAsync(host);
        await using var read = connection.Command("SELECT state FROM workflow_run WHERE run = @run", ("run", run));
        var state = StateCodec.Read((byte[])(await read.ExecuteScalarAsync(Ct))!);
        state.ClosedAt -= age;
        state.NextEventId = Math.Max(state.NextEventId, events);
        await using var write = connection.Command(
            """
            UPDATE workflow_run SET state = @state WHERE run = @run;
            UPDATE workflow_visibility SET close_at = close_at - @age WHERE run = @run;
            WITH RECURSIVE more (id) AS (SELECT 100 UNION ALL SELECT id + 1 FROM more WHERE id < 100 + @events)
            INSERT INTO workflow_event (run, id, body) SELECT @run, id, x'00' FROM more WHERE @events > 0;
            """,
            ("run", run), ("state", StateCodec.Write(state)), ("age", age.Ticks / TimeSpan.TicksPerMicrosecond), ("events", events));
        await write.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<SqliteConnection> OpenAsync(RunningHost host)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(host.Data, "flagstone.db")};Pooling=False;Default Timeout=10");
        await connection.OpenAsync(Ct);
        return connection;
    }
}
