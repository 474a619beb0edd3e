using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Updates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Update.V1;
using Temporalio.Api.WorkflowService.V1;
using UpdateRequest = Temporalio.Api.Update.V1.Request;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>Which events updates write, and where.</summary>
public sealed class UpdateOrderTests
{
    private const string First = "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted";
    private const string Task = "WorkflowTaskScheduled WorkflowTaskStarted";

    [Fact]
    public void A_task_for_an_update_is_written_when_the_update_is_accepted()
    {
        var steps = Speculating();
        Assert.Equal($"{First} WorkflowTaskCompleted", steps.Types);

        steps.Complete(Answer(Message("a", new Acceptance { AcceptedRequest = new UpdateRequest() })));

        Assert.Equal($"{First} WorkflowTaskCompleted {Task} WorkflowTaskCompleted WorkflowExecutionUpdateAccepted", steps.Types);
        Assert.Equal(Enumerable.Range(1, 8).Select(i => (long)i), steps.Events.Select(e => e.EventId));
    }

    [Fact]
    public void What_is_stored_meanwhile_makes_the_task_one_like_any_other()
    {
        var steps = Speculating().Signal("meanwhile");

        Assert.Equal($"{First} WorkflowTaskCompleted {Task}", steps.Types);
        Assert.False(steps.Run.WorkflowTask!.IsSpeculative);
        steps.Complete(Answer());
        Assert.EndsWith($"{Task} WorkflowTaskCompleted WorkflowExecutionSignaled WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_is_shown_the_events_that_will_be_written()
    {
        var steps = Speculating();
        var shown = WorkflowTaskRules.Suffix(steps.Run).ToList();

        steps.Pass(TimeSpan.FromSeconds(1)).Complete(Answer(Message("a", new Acceptance { AcceptedRequest = new UpdateRequest() })));

        Assert.Equal(shown, steps.Events[4..6]);
    }

    [Fact]
    public void Messages_stand_where_a_command_places_them()
    {
        var steps = new Steps().StartTask();
        var place = new Command { CommandType = CommandType.ProtocolMessage, ProtocolMessageCommandAttributes = new() { MessageId = "a/answer" } };
        var timer = new Command { CommandType = CommandType.StartTimer, StartTimerCommandAttributes = new() { TimerId = "t", StartToFireTimeout = new Duration { Seconds = 1 } } };
        var answer = Answer(Message("b", new Acceptance { AcceptedRequest = new UpdateRequest() }), Message("a", new Acceptance { AcceptedRequest = new UpdateRequest() }));
        answer.Commands.Add([timer, place]);

        steps.Complete(answer);

        Assert.EndsWith("TimerStarted WorkflowExecutionUpdateAccepted WorkflowExecutionUpdateAccepted", steps.Types, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], steps.Events[5..].Select(e => e.WorkflowExecutionUpdateAcceptedEventAttributes.ProtocolInstanceId));
    }

    [Fact]
    public void Impossible_messages_fail_the_workflow_task()
    {
        var steps = new Steps().StartTask();
        var absent = Answer();
        absent.Commands.Add(new Command { CommandType = CommandType.ProtocolMessage, ProtocolMessageCommandAttributes = new() { MessageId = "absent" } });
        var accept = Message("a", new Acceptance { AcceptedRequest = new UpdateRequest() });

        Assert.All(
            [
                absent,
                Answer(Message("a", new Response { Outcome = new Outcome() })),
                Answer(Message("a", new Acceptance())),
                Answer(accept, accept.Clone()),
                Answer(Message("a", new Rejection())),
                Answer(new Message { Id = "empty" }),
                Answer(Message("a", new Duration())),
            ],
            answer => Assert.Equal(WorkflowTaskFailedCause.BadUpdateWorkflowExecutionMessage, steps.CompleteBadly(answer).Cause));
    }

    [Fact]
    public void Who_accepts_many_updates_is_told_to_continue_as_new()
    {
        var steps = new Steps().Do(c =>
        {
            for (var i = 0; i <= UpdateRules.SuggestAt; i++)
            {
                c.Run.Updates[$"{i}"] = new UpdateState(1, 2);
            }
        });

        Assert.True(steps.StartTask().Events[^1].WorkflowTaskStartedEventAttributes.SuggestContinueAsNew);
    }

    private static Steps Speculating() => new Steps().StartTask().Complete().Speculate();

    private static RespondWorkflowTaskCompletedRequest Answer(params Message[] messages) => new() { Messages = { messages } };

    private static Message Message(string update, IMessage body) => new() { Id = $"{update}/answer", ProtocolInstanceId = update, Body = Any.Pack(body) };
}
