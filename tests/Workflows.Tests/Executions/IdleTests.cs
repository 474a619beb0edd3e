using Flagstone.Workflows.Activities.Standalone;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Standalone;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Tests.Outbox;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>There are as many open runs as the disk has place for: those that nobody asks are not in memory.</summary>
public sealed class IdleTests(WorkflowSilo silo) : IClassFixture<WorkflowSilo>
{
    private const int Runs = 50;

    [Fact]
    public async Task Idle_executions_leave_memory_and_go_on_where_they_were_when_they_are_asked()
    {
        var keys = Enumerable.Range(0, Runs).Select(i => new ExecutionKey("idle", $"run-{i}")).ToList();
        var ids = await Task.WhenAll(keys.Select(silo.StartAsync));
        Assert.InRange(await silo.InMemoryAsync<ExecutionGrain>(), Runs, int.MaxValue);

        await silo.CollectIdleAsync();

        Assert.Equal(0, await silo.InMemoryAsync<ExecutionGrain>());
        await silo.CompleteAsync(keys[0]);
        Assert.Equal(1, await silo.InMemoryAsync<ExecutionGrain>());
        Assert.Equal(4, (await silo.EventsAsync(ids[0])).Count);
        Assert.Equal(2, (await silo.EventsAsync(ids[1])).Count);
    }

    [Fact]
    public async Task A_workflow_task_that_a_worker_has_begun_outlives_the_memory_of_its_execution()
    {
        var key = new ExecutionKey("idle", "begun");
        await silo.StartAsync(key);
        var token = await silo.BeginAsync(key);

        await silo.CollectIdleAsync();

        Assert.Equal(0, await silo.InMemoryAsync<ExecutionGrain>());
        var end = new Command { CommandType = CommandType.CompleteWorkflowExecution, CompleteWorkflowExecutionCommandAttributes = new() };
        Assert.Null((await silo.AnswerAsync(key, token, end)).Refusal);
    }

    /// <summary>Each is one for each run, or for each workflow id.</summary>
    [Theory]
    [InlineData(typeof(ExecutionGrain))]
    [InlineData(typeof(OutboxGrain))]
    [InlineData(typeof(NexusCallerGrain))]
    [InlineData(typeof(NexusOperationGrain))]
    [InlineData(typeof(ActivityExecutionGrain))]
    public void Grains_of_which_there_are_as_many_as_runs_stay_for_two_minutes(Type grain)
    {
        var limit = grain.GetCustomAttributesData().Single(a => a.AttributeType == typeof(CollectionAgeLimitAttribute));

        Assert.Equal(2.0, limit.NamedArguments.Single(a => a.MemberName == "Minutes").TypedValue.Value);
    }
}
