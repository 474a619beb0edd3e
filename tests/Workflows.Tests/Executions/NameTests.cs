using Flagstone.Workflows.Commands;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>Names in a worker's commands: what cannot be stored fails its workflow task, and is not tried for ever.</summary>
public sealed class NameTests
{
    [Theory]
    [InlineData(500, true)]
    [InlineData(501, false)]
    public void A_name_is_as_long_as_its_bytes(int umlauts, bool isRight) => Assert.Equal(isRight, Names.Refuse(new string('ä', umlauts), "Name", "request") is null);

    [Fact]
    public void Names_that_cannot_be_stored_fail_the_workflow_task()
    {
        var steps = new Steps().StartTask();

        foreach (var name in (string[])["", "a\0b", new('ä', 501)])
        {
            Assert.Equal(WorkflowTaskFailedCause.BadScheduleActivityAttributes, steps.CompleteBadly(Activity(name, "Type", "queue")).Cause);
            Assert.Equal(WorkflowTaskFailedCause.BadScheduleActivityAttributes, steps.CompleteBadly(Activity("id", name, "queue")).Cause);
        }

        Assert.Equal(WorkflowTaskFailedCause.BadScheduleActivityAttributes, steps.CompleteBadly(Activity("id", "Type", "a\0b")).Cause);
        steps.Complete(Activity(new string('ä', 500), "Type", ""));
    }

    private static Command Activity(string id, string type, string queue) => new()
    {
        CommandType = CommandType.ScheduleActivityTask,
        ScheduleActivityTaskCommandAttributes = new()
        {
            ActivityId = id, ActivityType = new() { Name = type }, TaskQueue = new() { Name = queue }, StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)),
        },
    };
}
