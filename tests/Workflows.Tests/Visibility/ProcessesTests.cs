using Flagstone.Platform.Storage;
using Flagstone.Testing;
using Google.Protobuf.WellKnownTypes;
using Npgsql;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>Two processes over one PostgreSQL: what one changes of a namespace, the other one keeps to.</summary>
public sealed class ProcessesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_namespace_that_one_process_deprecates_and_deletes_starts_nothing_in_the_other_and_its_runs_go()
    {
        await using var postgres = await PrivatePostgres.StartAsync(Ct);
        var database = await postgres.CreateDatabaseAsync(Ct);
        await using var one = await RunningHost.StartAsync(Ct, database);
        await using var two = await one.StartReplicaAsync(database, Ct);
        var (here, there) = (await HostFixture.ConnectAsync(one), await TemporalClient.ConnectAsync(
            new TemporalClientConnectOptions($"127.0.0.1:{two.TemporalPort}") { ApiKey = one.Token, Tls = new TlsOptions { Disabled = true } }));
        await here.WorkflowService.RegisterNamespaceAsync(new RegisterNamespaceRequest { Namespace = "shared", WorkflowExecutionRetentionPeriod = Duration.FromTimeSpan(TimeSpan.FromDays(1)) });
        var started = 0;
        Task<StartWorkflowExecutionResponse> StartThereAsync() => there.WorkflowService.StartWorkflowExecutionAsync(new StartWorkflowExecutionRequest
        {
            Namespace = "shared", WorkflowId = $"wf-{started++}", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "nobody" },
        });
        await RefusedAsync(RpcException.StatusCode.OK, StartThereAsync);

        await here.WorkflowService.DeprecateNamespaceAsync(new DeprecateNamespaceRequest { Namespace = "shared" });
        await RefusedAsync(RpcException.StatusCode.FailedPrecondition, StartThereAsync);
        await here.OperatorService.DeleteNamespaceAsync(new DeleteNamespaceRequest { Namespace = "shared" });
        await RefusedAsync(RpcException.StatusCode.NotFound, StartThereAsync);

        await using var connection = new NpgsqlConnection(PostgresUrl.ToConnectionString(database));
        await connection.OpenAsync(Ct);
        await using var count = connection.Command("SELECT (SELECT COUNT(*) FROM workflow_run) + (SELECT COUNT(*) FROM workflow_event) + (SELECT COUNT(*) FROM workflow_visibility)");
        await UntilAsync(async () => await count.ExecuteScalarAsync(Ct) is 0L, "no row to be left");
    }

    private static Task RefusedAsync(RpcException.StatusCode code, Func<Task<StartWorkflowExecutionResponse>> start) => UntilAsync(async () =>
    {
        try
        {
            await start();
            return code == RpcException.StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.Code == code;
        }
    }, $"a start to be answered with {code}");

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await holds())
        {
            Assert.False(deadline.IsCancellationRequested, $"Waited {Patience} for {what}.");
            await pace.WaitForNextTickAsync(Ct);
        }
    }
}
