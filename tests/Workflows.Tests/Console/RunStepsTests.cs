using Flagstone.Ui.Components;
using Flagstone.Workflows.Console;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Tests.Console;

/// <summary>The compact timeline: several events become one line.</summary>
public sealed class RunStepsTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_activity_is_one_line_with_its_duration_and_workflow_tasks_that_went_well_are_none()
    {
        var steps = RunSteps.Of([
            At(1, 0, e => e.WorkflowExecutionStartedEventAttributes = new() { WorkflowType = new WorkflowType { Name = "Order" } }),
            At(2, 0, e => e.WorkflowTaskScheduledEventAttributes = new()),
            At(3, 0, e => e.WorkflowTaskStartedEventAttributes = new()),
            At(4, 1, e => e.WorkflowTaskCompletedEventAttributes = new()),
            At(5, 1, e => e.ActivityTaskScheduledEventAttributes = new() { ActivityType = new ActivityType { Name = "Pay" } }),
            At(6, 3, e => e.ActivityTaskStartedEventAttributes = new() { ScheduledEventId = 5, Attempt = 2, LastFailure = new Failure { Message = "no" } }),
            At(7, 5, e => e.ActivityTaskCompletedEventAttributes = new() { ScheduledEventId = 5 }),
        ]);

        Assert.Equal(["1 Workflow Order Started", "5 Activity Pay Completed"], steps.Select(s => $"{s.EventId} {s.Kind} {s.Name} {s.Status.Word}"));
        Assert.Equal((TimeSpan.FromSeconds(4), "Attempt 2", null), (steps[1].Took, steps[1].Note, steps[1].Failure));
        Assert.Null(steps[0].Took);
    }

    [Fact]
    public void What_is_not_over_runs_and_what_failed_says_why()
    {
        var steps = RunSteps.Of([
            At(5, 0, e => e.TimerStartedEventAttributes = new() { TimerId = "1", StartToFireTimeout = new Duration { Seconds = 60 } }),
            At(6, 0, e => e.StartChildWorkflowExecutionInitiatedEventAttributes = new() { WorkflowId = "child", WorkflowType = new() { Name = "Pack" } }),
            At(7, 1, e => e.ChildWorkflowExecutionStartedEventAttributes = new() { InitiatedEventId = 6, WorkflowExecution = new() { RunId = "r" } }),
            At(8, 2, e => e.ChildWorkflowExecutionFailedEventAttributes = new()
            {
                InitiatedEventId = 6, Failure = new Failure { Message = "broken" }, WorkflowExecution = new() { RunId = "r" },
            }),
            At(9, 3, e => e.WorkflowTaskFailedEventAttributes = new()
            {
                Cause = WorkflowTaskFailedCause.NonDeterministicError, Failure = new Failure { Message = "changed" },
            }),
        ]);

        Assert.Equal(["Timer: Running", "Child: Failed", "Workflow task: Failed"], steps.Select(s => $"{s.Kind}: {s.Status.Word}"));
        Assert.Equal(("broken", "r", TimeSpan.FromSeconds(2)), (steps[1].Failure!.Message, steps[1].Run!.RunId, steps[1].Took));
        Assert.Equal("NonDeterministicError", steps[2].Note);
        Assert.True(steps[0].IsSpan && steps[0].Ended is null);
    }

    [Fact]
    public void A_nexus_operation_is_one_line_with_its_end()
    {
        var steps = RunSteps.Of([
            At(5, 0, e => e.NexusOperationScheduledEventAttributes = new() { Service = "shop", Operation = "pay", Endpoint = "payments" }),
            At(6, 1, e => e.NexusOperationStartedEventAttributes = new() { ScheduledEventId = 5 }),
            At(7, 2, e => e.NexusOperationCancelRequestedEventAttributes = new() { ScheduledEventId = 5 }),
            At(8, 3, e => e.NexusOperationCanceledEventAttributes = new() { ScheduledEventId = 5 }),
            At(9, 3, e => e.NexusOperationScheduledEventAttributes = new() { Service = "shop", Operation = "pack", Endpoint = "payments" }),
        ]);

        Assert.Equal(["Nexus operation shop/pay Canceled", "Nexus operation shop/pack Scheduled"], steps.Select(s => $"{s.Kind} {s.Name} {s.Status.Word}"));
        Assert.Equal(TimeSpan.FromSeconds(3), steps[0].Took);
    }

    [Fact]
    public void The_end_of_what_began_on_another_page_is_told_and_has_no_duration()
    {
        var only = Assert.Single(RunSteps.Of([At(510, 9, e => e.ActivityTaskCompletedEventAttributes = new() { ScheduledEventId = 12 })]));

        Assert.Equal((12L, "Activity", Tone.Good, (TimeSpan?)null), (only.EventId, only.Kind, only.Status.Tone, only.Took));
    }

    [Fact]
    public void An_end_by_hand_names_its_reason_and_who()
    {
        var end = RunMoments.End(At(4, 0, e =>
        {
            e.WorkflowExecutionTerminatedEventAttributes = new() { Reason = "stuck" };
            e.Principal = new() { Type = "user", Name = "ada" };
        }));

        Assert.Equal(("Terminated", "stuck, by ada"), (end!.Status.Word, end.Note));
        Assert.Null(RunMoments.End(At(1, 0, e => e.WorkflowTaskScheduledEventAttributes = new())));
    }

    [Theory]
    [InlineData("json/plain", """{"a":[1]}""", "{\n  \"a\": [\n    1\n  ]\n}", true)]
    [InlineData("json/plain", "\"größer\"", "\"größer\"", true)]
    [InlineData("binary/plain", "text", "text", true)]
    [InlineData("binary/encrypted", "secret", "binary/encrypted, 6 bytes", false)]
    [InlineData("binary/plain", "\u0001\u0002", "binary/plain, 2 bytes", false)]
    public void A_payload_is_read_where_it_is_text_and_else_measured(string encoding, string data, string shown, bool isReadable)
    {
        var text = PayloadText.Of(new Payload { Metadata = { ["encoding"] = ByteString.CopyFromUtf8(encoding) }, Data = ByteString.CopyFromUtf8(data) });

        Assert.Equal((shown, isReadable), (text.Text, text.IsReadable));
    }

    [Fact]
    public void An_event_for_people_has_its_payloads_written_out_and_one_for_programs_is_protobufs()
    {
        var input = new Payload { Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") }, Data = ByteString.CopyFromUtf8("{\"item\":\"lamp\"}") };
        var started = At(1, 0, e => e.WorkflowExecutionStartedEventAttributes = new() { Input = new Payloads { Payloads_ = { input } } });

        Assert.Contains("\"item\": \"lamp\"", EventJson.Readable(started), StringComparison.Ordinal);
        Assert.Equal(started, HistoryEvent.Parser.ParseJson(EventJson.Exact(started)));
    }

    private static HistoryEvent At(long id, int seconds, Action<HistoryEvent> fill)
    {
        var one = new HistoryEvent { EventId = id, EventTime = Timestamp.FromDateTimeOffset(Start.AddSeconds(seconds)) };
        fill(one);
        return one;
    }
}
