using System.Text.Json;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Endpoints;
using Flagstone.Workflows.People;
using Flagstone.Workflows.Tests.Executions;
using Flagstone.Workflows.Tests.People;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.TimeSkipping;

/// <summary>What of a run that is a day ahead others go by: the wall clock.</summary>
public sealed class WallClockTests
{
    private const string Asked = """
        { "title": "Pay", "assignees": ["user:ada"], "decisions": ["approve"], "escalateAfter": "30m", "escalateTo": ["user:bob"] }
        """;

    [Fact]
    public void People_are_asked_and_asked_again_by_the_wall_clock()
    {
        var steps = ADayAhead().Complete(new Command
        {
            CommandType = CommandType.ScheduleActivityTask,
            ScheduleActivityTaskCommandAttributes = new()
            {
                ActivityId = "1", ActivityType = new() { Name = "approval" }, TaskQueue = new() { Name = "flagstone-people" }, Input = RequestTests.Json(Asked),
                ScheduleToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
            },
        });
        var id = Assert.Single(steps.Run.Activities).Key;
        Assert.Equal(steps.Now.AddDays(1), steps.Run.Activities[id].FirstScheduledAt);

        var rows = HumanTaskRows.Of(steps.Last).ToList();

        Assert.Equal(Micros.From(steps.Now), Value("at"));
        var live = JsonSerializer.Deserialize<HumanTaskLive>((string)Value("live")!, HumanDecision.Json)!;
        Assert.Equal((steps.Now, steps.Now.AddHours(1)), (live.ScheduledAt, live.Due));
        Assert.Contains(rows, r => r.Parameters.Contains(("subject", "user:bob")) && r.Parameters.Contains(("from", Micros.From(steps.Now.AddMinutes(30)))));

        object? Value(string name) => rows[0].Parameters.Single(p => p.Name == name).Value;
    }

    [Fact]
    public void Handlers_of_nexus_are_asked_by_the_wall_clock()
    {
        var command = new Command
        {
            CommandType = CommandType.ScheduleNexusOperation,
            ScheduleNexusOperationCommandAttributes = new()
            {
                Endpoint = "endpoint", Service = "service", Operation = "operation", ScheduleToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(4)),
            },
        };
        var steps = ADayAhead().Do(c =>
        {
            c.Endpoints = new Dictionary<string, NexusEndpoint> { ["endpoint"] = new("uid", "endpoint", "default", "queue") };
            Assert.Null(Commands.TaskCompletion.Apply(c, new RespondWorkflowTaskCompletedRequest { Commands = { command } }));
        });
        var id = Assert.Single(steps.Run.NexusOperations).Key;
        Assert.Equal(steps.Now.AddDays(1), steps.Run.NexusOperations[id].ScheduledAt);
        Assert.Null(NexusCall.Of(steps.Run).Single().Attempts.NextAt);

        var failure = new Temporalio.Api.Failure.V1.Failure { NexusHandlerFailureInfo = new() { Type = NexusFailures.Unavailable } };
        var busy = Any.Pack(new RespondNexusTaskFailedRequest { Failure = failure });
        steps.Do(c => Assert.True(NexusRules.Report(c, new NexusReport(c.Run.RunId, id, 0, false, busy.ToByteArray()))));

        var call = Assert.Single(NexusCall.Of(steps.Run));
        Assert.Equal((steps.Now, steps.Now.AddSeconds(1)), (call.Operation.ScheduledAt, call.Attempts.NextAt));
        Assert.Equal(TimeSpan.FromSeconds(4), NexusRequests.Most(call.Operation, steps.Now));
        Assert.Equal(steps.Now.AddDays(1).AddSeconds(1), steps.Run.NexusOperations[id].Attempts.NextAt);
    }

    [Fact]
    public void Lists_find_a_run_by_the_wall_clock_and_show_its_own_times()
    {
        var steps = ADayAhead().Do(c => Closing.Terminate(c, "", null, ""));

        var row = VisibilityRows.Of(steps.Last).First();

        Assert.Equal((Micros.From(steps.Now), Micros.From(steps.Now)), (Value("start"), Value("close")));
        Assert.Equal(TimeSpan.FromDays(1).Ticks * TimeSpan.NanosecondsPerTick, Value("duration"));
        Assert.Equal(steps.Now.AddDays(1), VisibilityRows.Shown(steps.Run).CloseTime.ToDateTimeOffset());

        object? Value(string name) => row.Parameters.Single(p => p.Name == name).Value;
    }

    private static Steps ADayAhead() => SkipOrderTests.Started().StartTask().Complete(OrderTests.Timer("t", 24 * 60 * 60)).Pass(TimeSpan.Zero).StartTask();
}
