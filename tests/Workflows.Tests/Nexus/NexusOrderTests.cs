using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.Nexus.Endpoints;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Tests.Executions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.Nexus;

/// <summary>Which events operations write, in which order, and what is refused.</summary>
public sealed class NexusOrderTests
{
    private static readonly Link AnyLink = NexusLinks.ToEvent("ns", "handler", "run", 1, EventType.WorkflowExecutionStarted);

    [Fact]
    public void The_start_and_the_end_of_an_operation_wait_for_the_open_task_and_the_end_goes_last()
    {
        var steps = Scheduled().Signal("wakes").StartTask();

        steps.Do(c => Assert.True(NexusRules.Report(c, Report(Started("token")))))
            .Do(c => NexusRules.Complete(c, c.Run.NexusOperations[5], "token", new NexusReply.Done(null, []), AnyLink));
        Assert.Empty(steps.Run.NexusOperations);
        steps.Signal("later").Complete();

        Assert.EndsWith(
            "WorkflowTaskCompleted NexusOperationStarted WorkflowExecutionSignaled NexusOperationCompleted WorkflowTaskScheduled", steps.Types,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_counts_once_and_only_for_its_own_attempt()
    {
        var steps = Scheduled();
        var refused = Report(Failed(NexusFailures.Unavailable));

        steps.Do(c => Assert.True(NexusRules.Report(c, refused)));
        Assert.Equal((1, steps.Now.AddSeconds(1)), (steps.Run.NexusOperations[5].Attempts.Count, steps.Run.NexusOperations[5].Attempts.NextAt));
        steps.Do(c => Assert.False(NexusRules.Report(c, refused)));
        steps.Do(c => Assert.True(NexusRules.Report(c, refused with { Attempt = 1 })));
        Assert.Equal(steps.Now.AddSeconds(2), steps.Run.NexusOperations[5].Attempts.NextAt);
        steps.Do(c => Assert.True(NexusRules.Report(c, Report(Started("token")) with { Attempt = 2 })));
        steps.Do(c => Assert.False(NexusRules.Report(c, Report(Started("token")) with { Attempt = 2 })));

        Assert.EndsWith("NexusOperationScheduled NexusOperationStarted WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_failure_is_kept_as_its_kind_and_the_beginning_of_its_message()
    {
        var failure = new Failure { Message = new string('x', 100_000), NexusHandlerFailureInfo = new() { Type = NexusFailures.Internal } };
        var answer = Any.Pack(new RespondNexusTaskFailedRequest { Failure = failure });

        var kept = Scheduled().Do(c => Assert.True(NexusRules.Report(c, Report(answer)))).Run.NexusOperations[5].Attempts.LastFailure!;

        Assert.Equal((NexusFailures.Internal, 2_000), (kept.NexusHandlerFailureInfo.Type, kept.Message.Length));
    }

    [Fact]
    public void Waits_grow_to_an_hour()
    {
        var steps = Scheduled();
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var report = Report(Failed(NexusFailures.Internal)) with { Attempt = attempt };
            steps.Do(c => Assert.True(NexusRules.Report(c, report)));
        }

        Assert.Equal(steps.Now.AddHours(1), steps.Run.NexusOperations[5].Attempts.NextAt);
    }

    [Fact]
    public void A_cancellation_before_the_start_is_asked_after_it()
    {
        var steps = Scheduled().Signal("wakes").StartTask().Complete(CancelOf(5));
        Assert.False(steps.Last.CallsNexus);
        Assert.Equal([false], NexusCall.Of(steps.Run).Select(c => c.IsCancellation));

        steps.Do(c => Assert.True(NexusRules.Report(c, Report(Started("token")))));
        Assert.True(steps.Last.CallsNexus);
        Assert.Equal([true], NexusCall.Of(steps.Run).Select(c => c.IsCancellation));
        var taken = Any.Pack(new RespondNexusTaskCompletedRequest { Response = new() { CancelOperation = new() } });
        steps.Do(c => Assert.True(NexusRules.Report(c, Report(taken) with { IsCancellation = true })));

        Assert.Empty(NexusCall.Of(steps.Run));
        Assert.EndsWith(
            "NexusOperationCancelRequested NexusOperationStarted WorkflowTaskScheduled NexusOperationCancelRequestCompleted", steps.Types,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancellation_of_an_operation_whose_end_waits_is_written_and_one_of_none_is_refused()
    {
        var steps = Scheduled().Signal("wakes").StartTask();
        steps.Do(c => Assert.True(NexusRules.Report(c, Report(Done()))));

        Assert.Equal(WorkflowTaskFailedCause.BadRequestCancelNexusOperationAttributes, steps.CompleteBadly(CancelOf(6)).Cause);
        steps.Complete(CancelOf(5));

        Assert.EndsWith("NexusOperationCancelRequested NexusOperationCompleted WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
        steps.StartTask();
        Assert.Equal(WorkflowTaskFailedCause.BadRequestCancelNexusOperationAttributes, steps.CompleteBadly(CancelOf(5)).Cause);
    }

    [Fact]
    public void What_is_scheduled_badly_is_refused()
    {
        Bad(_ => { }, "endpoint \"other\" not found", "other");
        Bad(c => c.Service = "", "Service is not set");
        Bad(c => c.Operation = "", "Operation is not set");
        Bad(c => c.ScheduleToCloseTimeout = new Duration { Seconds = -1 }, "negative");
        Bad(c => c.NexusHeader["Request-Timeout"] = "1s", "disallowed header key");
        Bad(c => c.NexusHeader["big"] = new string('x', 9_000), "NexusHeader exceeds");
        Bad(c => c.Input = new Payload { Data = ByteString.CopyFrom(new byte[3_000_000]) }, "Input exceeds");
    }

    [Fact]
    public void So_many_operations_may_be_under_way()
    {
        var steps = new Steps().StartTask();
        var commands = Enumerable.Range(0, NexusCommands.MaxPending + 1).Select(_ => Command(_ => { })).ToArray();

        var failure = Apply(steps, commands);

        Assert.Equal(WorkflowTaskFailedCause.PendingNexusOperationsLimitExceeded, failure?.Cause);
        Assert.Null(Apply(steps, commands[1..]));
    }

    [Fact]
    public void Timeouts_are_bounded_by_those_above_them_and_headers_have_lower_case()
    {
        var steps = new Steps(r => r.WorkflowRunTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(1))).StartTask();
        steps.Do(c => Assert.Null(Apply(c, Command(s =>
        {
            s.ScheduleToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1));
            s.StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(2));
            s.NexusHeader["Tenant"] = "Ada";
        }))));

        var scheduled = steps.Events[^1].NexusOperationScheduledEventAttributes;
        Assert.Equal((60L, 60L), (scheduled.ScheduleToCloseTimeout.Seconds, scheduled.StartToCloseTimeout.Seconds));
        Assert.Null(scheduled.ScheduleToStartTimeout);
        Assert.Equal("Ada", scheduled.NexusHeader["tenant"]);
    }

    [Fact]
    public void A_run_that_ends_calls_its_callbacks_once_it_has_no_follower()
    {
        var token = new CallbackToken("ns", "caller", "run", 5, "secret").ToString();
        var callback = new Callback { Nexus = new() { Url = CallbackToken.Url, Header = { [CallbackToken.Header] = token } } };
        var steps = new Steps(r => r.CompletionCallbacks.Add(callback)).StartTask();
        Assert.Equal(callback, Assert.Single(steps.Events[0].WorkflowExecutionStartedEventAttributes.CompletionCallbacks));
        steps.Complete(new Command { CommandType = CommandType.ContinueAsNewWorkflowExecution, ContinueAsNewWorkflowExecutionCommandAttributes = new() });
        Assert.Empty(steps.Sent);

        var next = new Steps(steps.Follower!).StartTask();
        Assert.Equal(callback, Assert.Single(next.Events[0].WorkflowExecutionStartedEventAttributes.CompletionCallbacks));
        next.Complete(new Command { CommandType = CommandType.CompleteWorkflowExecution, CompleteWorkflowExecutionCommandAttributes = new() });

        Assert.Equal(OutboxKind.CallbacksDue, Assert.Single(next.Sent).Key.Kind);
    }

    [Fact]
    public void Callbacks_that_lead_elsewhere_or_prove_nothing_are_refused()
    {
        Refused(new Callback { Nexus = new() { Url = "https://example.com/callback" } }, "url does not match");
        Refused(new Callback { Nexus = new() { Url = CallbackToken.Url } }, "invalid callback token");
        Refused(new Callback { Nexus = new() { Url = CallbackToken.Url, Header = { [CallbackToken.Header] = "nothing" } } }, "invalid callback token");
        Refused(new Callback { Internal = new() }, "unsupported callback variant");

        static void Refused(Callback callback, string why) => Assert.Contains(why, CallbackRules.Refuse(new() { callback }), StringComparison.Ordinal);
    }

    [Fact]
    public void Links_come_back_from_what_nexus_carries()
    {
        foreach (var link in new[]
        {
            NexusLinks.ToEvent("ns 1", "a/b?c", "run", 7, EventType.NexusOperationScheduled),
            NexusLinks.ToRequest("n", "w", "r", "q&1", EventType.WorkflowExecutionOptionsUpdated),
        })
        {
            Assert.Equal(link, Assert.Single(NexusLinks.Read([NexusLinks.Write(link.WorkflowEvent)])));
        }

        const string type = "temporal.api.common.v1.Link.WorkflowEvent";
        Assert.Empty(NexusLinks.Read([new() { Url = "https://example.com", Type = "other" }, new() { Url = "temporal:///nothing", Type = type }]));
    }

    private static void Bad(Action<ScheduleNexusOperationCommandAttributes> set, string why, string endpoint = "endpoint")
    {
        var failure = Apply(new Steps().StartTask(), Command(set, endpoint));
        Assert.Equal(WorkflowTaskFailedCause.BadScheduleNexusOperationAttributes, failure?.Cause);
        Assert.Contains(why, failure!.Message, StringComparison.Ordinal);
    }

    private static CommandFailure? Apply(Steps steps, params Command[] commands) =>
        Apply(new RunChange(StateCodec.Read(StateCodec.Write(steps.Run)), steps.Now), commands);

    private static CommandFailure? Apply(RunChange change, params Command[] commands)
    {
        change.Endpoints = new Dictionary<string, NexusEndpoint> { ["endpoint"] = new("uid", "endpoint", "default", "queue") };
        return TaskCompletion.Apply(change, new RespondWorkflowTaskCompletedRequest { Commands = { commands } });
    }

    private static Steps Scheduled()
    {
        var steps = new Steps().StartTask();
        steps.Do(c => Assert.Null(Apply(c, Command(_ => { }))));
        Assert.True(steps.Last.CallsNexus);
        Assert.Equal(5, Assert.Single(steps.Run.NexusOperations).Key);
        return steps;
    }

    private static Command Command(Action<ScheduleNexusOperationCommandAttributes> set, string endpoint = "endpoint")
    {
        var attributes = new ScheduleNexusOperationCommandAttributes { Endpoint = endpoint, Service = "service", Operation = "operation" };
        set(attributes);
        return new Command { CommandType = CommandType.ScheduleNexusOperation, ScheduleNexusOperationCommandAttributes = attributes };
    }

    private static Command CancelOf(long id) => new()
    {
        CommandType = CommandType.RequestCancelNexusOperation, RequestCancelNexusOperationCommandAttributes = new() { ScheduledEventId = id },
    };

    private static NexusReport Report(Any answer) => new("run", 5, 0, false, answer.ToByteArray());

    private static Any Started(string token) =>
        Any.Pack(new RespondNexusTaskCompletedRequest { Response = new() { StartOperation = new() { AsyncSuccess = new() { OperationToken = token } } } });

    private static Any Done() => Any.Pack(new RespondNexusTaskCompletedRequest { Response = new() { StartOperation = new() { SyncSuccess = new() } } });

    private static Any Failed(string type) =>
        Any.Pack(new RespondNexusTaskFailedRequest { Failure = new Failure { NexusHandlerFailureInfo = new() { Type = type } } });
}
