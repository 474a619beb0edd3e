using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Children;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Tests.Executions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Update.V1;
using Temporalio.Api.WorkflowService.V1;
using UpdateRequest = Temporalio.Api.Update.V1.Request;

namespace Flagstone.Workflows.Tests.Resetting;

/// <summary>Runs to which things happen in an order that a seed decides.</summary>
internal sealed class RandomLives(int seed)
{
    private readonly Random random = new(seed);
    private readonly Steps steps = new(r => r.Memo = new Memo { Fields = { ["a"] = Value("1") } });
    private readonly HashSet<string> cancelled = [];
    private int named;

    /// <summary>The run after each of its steps; never closed.</summary>
    public IEnumerable<Steps> Live(int length)
    {
        for (var step = 0; step < length; step++)
        {
            if (Step())
            {
                yield return steps;
            }
        }
    }

    private static Payload Value(string json) =>
        new() { Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain"), ["type"] = ByteString.CopyFromUtf8("Keyword") }, Data = ByteString.CopyFromUtf8(json) };

    private bool Step()
    {
        var run = steps.Run;
        switch (random.Next(9))
        {
            case 0:
                steps.Signal($"signal {named++}");
                return true;
            case 1 when !run.CancelRequested && random.Next(10) == 0:
                steps.Do(c => Signalling.RequestCancel(c, "enough", "tester"));
                return true;
            case 2 or 3 when run.WorkflowTask is { IsStarted: false }:
                steps.StartTask();
                return true;
            case 2 or 3 or 4 when run.WorkflowTask is { IsStarted: true }:
                return Answer();
            case 5 when Pick(run.Activities.Values) is { } activity:
                return Work(activity);
            case 6 when Pick(run.Children.Values) is { } child:
                return Raise(child);
            case 7 when Pick(run.Externals.Values) is { } external:
                var answer = new Delivery(new OutboxKey("run", external.Kind, external.InitiatedId), "wf", "", [], "", "", "", 0);
                steps.Do(c => Assert.True(Settling.Apply(c, answer, random.Next(2) == 0 ? Receipt.Done : Receipt.NotFound)));
                return true;
            case 8:
                steps.Pass(TimeSpan.FromSeconds(random.Next(4)));
                return true;
            default:
                return false;
        }
    }

    private T? Pick<T>(IEnumerable<T> all) => all.ToList() is { Count: > 0 } some ? some[random.Next(some.Count)] : default;

    private bool Work(ActivityState activity)
    {
        if (!activity.IsStarted)
        {
            steps.Do(c => Assert.True(ActivityRules.Start(c, activity.ScheduledId, activity.Attempt, "worker", "stamp", "request")));
            return true;
        }

        var how = random.Next(3);
        steps.Do(c =>
        {
            var own = c.Run.Activities[activity.ScheduledId];
            if (how == 0)
            {
                ActivityRules.Complete(c, own, null, "worker");
            }
            else
            {
                ActivityRules.Fail(c, own, new Failure { ApplicationFailureInfo = new() { NonRetryable = how == 1 } }, "worker");
            }
        });
        return true;
    }

    private bool Raise(ChildState child)
    {
        var initiated = new HistoryEvent { StartChildWorkflowExecutionInitiatedEventAttributes = new() };
        var answer = new Delivery(new OutboxKey("run", OutboxKind.Start, child.InitiatedId), "wf", "", initiated.ToByteArray(), "", "", "", 0);
        if (!child.IsStarted)
        {
            steps.Do(c => Assert.True(Settling.Apply(c, answer, random.Next(3) > 0 ? Receipt.Done : Receipt.Exists)));
            return true;
        }

        var last = new HistoryEvent { EventType = EventType.WorkflowExecutionCompleted, WorkflowExecutionCompletedEventAttributes = new() };
        steps.Do(c => ChildRules.Closed(c, c.Run.Children[child.InitiatedId], child.RunId, child.Type, last));
        return true;
    }

    private bool Answer()
    {
        var run = steps.Run;
        if (random.Next(6) == 0)
        {
            steps.Do(c => WorkflowTaskRules.Fail(c, WorkflowTaskFailedCause.WorkflowWorkerUnhandledFailure, new Failure(), "worker"));
            return true;
        }

        var answer = new RespondWorkflowTaskCompletedRequest { ForceCreateNewWorkflowTask = random.Next(3) == 0 };
        for (var more = random.Next(4); more > 0; more--)
        {
            if (Decide(run) is { } command)
            {
                answer.Commands.Add(command);
            }
        }

        Update(run, answer);
        steps.Complete(answer);
        return true;
    }

    private Command? Decide(RunState run)
    {
        var id = $"{named++}";
        return random.Next(8) switch
        {
            0 => OrderTests.Activity(id, new RetryPolicy { MaximumAttempts = 2 }),
            1 => OrderTests.Timer(id, random.Next(1, 6)),
            2 when run.Timers.Keys.Order(StringComparer.Ordinal).FirstOrDefault(t => !cancelled.Contains(t)) is { } timer && cancelled.Add(timer) =>
                new Command { CancelTimerCommandAttributes = new() { TimerId = timer } },
            3 => new Command { StartChildWorkflowExecutionCommandAttributes = new() { WorkflowId = id, WorkflowType = new() { Name = "Child" } } },
            4 => new Command { SignalExternalWorkflowExecutionCommandAttributes = new() { Execution = new() { WorkflowId = "other" }, SignalName = id } },
            5 => new Command
            {
                UpsertWorkflowSearchAttributesCommandAttributes = new() { SearchAttributes = new() { IndexedFields = { [$"k{random.Next(3)}"] = Value($"\"{id}\"") } } },
            },
            6 => new Command { ModifyWorkflowPropertiesCommandAttributes = new() { UpsertedMemo = new() { Fields = { ["a"] = Value(random.Next(2) == 0 ? "null" : id) } } } },
            7 when Pick(run.Activities.Keys.ToList()) is > 0 and var scheduled =>
                new Command { RequestCancelActivityTaskCommandAttributes = new() { ScheduledEventId = scheduled } },
            _ => null,
        };
    }

    private void Update(RunState run, RespondWorkflowTaskCompletedRequest answer)
    {
        var id = $"update {named++}";
        if (random.Next(3) == 0)
        {
            var accepted = new Acceptance { AcceptedRequest = new UpdateRequest { Meta = new Meta { UpdateId = id } } };
            answer.Messages.Add(new Message { Id = id, ProtocolInstanceId = id, Body = Any.Pack(accepted) });
        }

        if (run.Updates.Where(u => u.Value.CompletedId == 0).Select(u => u.Key).FirstOrDefault() is { } open && random.Next(3) == 0)
        {
            var response = new Response { Meta = new Meta { UpdateId = open }, Outcome = new Outcome { Success = new Payloads() } };
            answer.Messages.Add(new Message { Id = open, ProtocolInstanceId = open, Body = Any.Pack(response) });
        }
    }
}
