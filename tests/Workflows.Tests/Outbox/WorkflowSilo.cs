using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Discarding;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Schedules;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Command.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.Outbox;

/// <summary>Executions and their messages on a silo in this process, over SQLite in a folder that goes away: a test calls the grains itself.</summary>
public sealed class WorkflowSilo : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-");
    private IHost? host;
    private DataFolder? data;

    private IServiceProvider Services => host!.Services;

    private IManagementGrain Management => Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);

    internal ExecutionStore Executions => Services.GetRequiredService<ExecutionStore>();

    public async ValueTask InitializeAsync()
    {
        data = DataFolder.Open(folder.FullName);
        var settings = new HostApplicationBuilderSettings { ApplicationName = "flagstone-test" };
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(settings);
        builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning);
        builder.UseOrleans(silo => silo.UseLocalhostClustering(siloPort: LoopbackPorts.Free(), gatewayPort: 0));
        builder.AddPlatform(new PlatformOptions { Data = folder.FullName }, data);
        builder.AddWorkflows();
        // The runs are of namespaces that no resource stands for: whatever looks for such runs would delete them.
        foreach (var service in builder.Services.Where(s => s.ImplementationType == typeof(DiscardStart) || s.ImplementationType == typeof(DefaultNamespace)).ToList())
        {
            builder.Services.Remove(service);
        }

        host = builder.Build();
        await PlatformModule.MigrateAsync(host.Services, CancellationToken.None);
        await host.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await host!.StopAsync();
        host.Dispose();
        data!.Dispose();
        folder.Delete(recursive: true);
    }

    internal IExecutionGrain Execution(ExecutionKey key) => Services.GetRequiredService<IGrainFactory>().GetGrain<IExecutionGrain>(key.ToString());

    internal IScheduleGrain Schedule(ScheduleKey key) => Services.GetRequiredService<IGrainFactory>().GetGrain<IScheduleGrain>(key.ToString());

    /// <summary>How many grains of a class are in memory.</summary>
    internal async Task<int> InMemoryAsync<T>() =>
        (await Management.GetSimpleGrainStatistics()).Where(s => s.GrainType.StartsWith(typeof(T).FullName!, StringComparison.Ordinal)).Sum(s => s.ActivationCount);

    /// <summary>Does what Orleans does once a minute with the grains whose age has come, with all that nobody calls just now.</summary>
    internal Task CollectIdleAsync() => Management.ForceActivationCollection(TimeSpan.Zero);

    /// <summary>Starts a run; returns its id.</summary>
    internal async Task<string> StartAsync(ExecutionKey key) =>
        (await Execution(key).StartAsync(new Call(Request(key).ToByteArray(), "", "tester", "tester"))).As<StartWorkflowExecutionResponse>().RunId;

    /// <summary>Completes the open workflow task of a run as its worker does.</summary>
    internal async Task CompleteAsync(ExecutionKey key, params Command[] commands) =>
        Assert.Null((await AnswerAsync(key, await BeginAsync(key), commands)).Refusal);

    /// <summary>Begins the open workflow task of a run as its worker does.</summary>
    internal async Task<TaskToken> BeginAsync(ExecutionKey key)
    {
        var run = (await Executions.FindRunAsync(key, "", CancellationToken.None))!;
        var start = new TaskStart(run.RunId, run.WorkflowTask!.ScheduledId, run.WorkflowTask.Attempt, "worker", "tester");
        return TaskToken.Read((await Execution(key).StartWorkflowTaskAsync(start)).As<PollWorkflowTaskQueueResponse>().TaskToken)!;
    }

    /// <summary>Completes a workflow task that was begun.</summary>
    internal Task<Answer> AnswerAsync(ExecutionKey key, TaskToken token, params Command[] commands) =>
        Execution(key).CompleteWorkflowTaskAsync(
            new Call(new RespondWorkflowTaskCompletedRequest { Commands = { commands } }.ToByteArray(), token.RunId, "tester", "tester"), token);

    /// <summary>Stores a message that no hint tells of, without a due entry.</summary>
    internal Task PutAsync(RunState sender, OutboxMessage message) => Services.GetRequiredService<LedgerWriter>().CommitAsync(
        new Unit { Actor = Actor.Controller("test"), Origin = "test", Sql = [OutboxStore.Put(sender, message, DateTimeOffset.UnixEpoch)] },
        CancellationToken.None);

    /// <summary>Whether a message is marked as delivered; null when it is no more.</summary>
    internal Task<bool?> IsDeliveredAsync(OutboxKey key) => Services.GetRequiredService<OutboxStore>().IsDeliveredAsync(key, CancellationToken.None);

    internal async Task<List<HistoryEvent>> EventsAsync(string runId) =>
        await Executions.EventsAsync(runId, 1, long.MaxValue, HistoryLimits.MaxEvents, HistoryLimits.MaxBytes, CancellationToken.None);

    internal static StartWorkflowExecutionRequest Request(ExecutionKey key) => new()
    {
        Namespace = "ns",
        WorkflowId = key.WorkflowId,
        RequestId = $"start {key.WorkflowId}",
        WorkflowType = new() { Name = "Any" },
        TaskQueue = new() { Name = "queue" },
        // The longest there is: no task is given up in the middle of a test.
        WorkflowTaskTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(2)),
    };
}
