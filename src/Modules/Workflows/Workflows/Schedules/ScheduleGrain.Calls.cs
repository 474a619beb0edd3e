using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Schedules.Specs;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.History.V1;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Schedules;

/// <summary>What people ask of a schedule, and the ends of its runs.</summary>
internal sealed partial class ScheduleGrain
{
    /// <summary>Requests that are known again.</summary>
    private const int MaxRequests = 50;

    private const int MaxMatching = 1_000;

    public async Task<Answer> CreateAsync(Call call)
    {
        var request = CreateScheduleRequest.Parser.ParseFrom(call.Request);
        if (state is not null)
        {
            return state.RequestId == request.RequestId
                ? Answer.Of(new CreateScheduleResponse { ConflictToken = ScheduleViews.TokenOf(state) })
                : Refusal.ScheduleExists(key.ScheduleId, state.Uid, state.RequestId);
        }

        var now = clock.GetUtcNow();
        state = new ScheduleState
        {
            Namespace = key.Namespace,
            NamespaceName = request.Namespace,
            Id = key.ScheduleId,
            Uid = Guid.CreateVersion7(now).ToString(),
            RequestId = request.RequestId,
            Author = call.Caller,
            Schedule = request.Schedule,
            Memo = request.Memo,
            SearchAttributes = request.SearchAttributes,
            CreatedAt = now,
            Processed = now,
        };
        times = new ScheduleTimes(state.Schedule.Spec, key.ToString());
        if (request.InitialPatch is { } patch && ScheduleRules.Patch(state, patch, now) is { } wrong)
        {
            Drop();
            return Refusal.InvalidArgument(wrong);
        }

        ScheduleRules.Advance(state, times, now);
        return await CommitAsync(new ScheduleStep { Verb = "create", Actor = call.Actor }) is { } refusal ? refusal
            : Answer.Of(new CreateScheduleResponse { ConflictToken = ScheduleViews.TokenOf(state) });
    }

    public Task<Answer> DescribeAsync() =>
        Task.FromResult(state is null ? Missing() : Answer.Of(ScheduleViews.Describe(state, times!, clock.GetUtcNow())));

    public async Task<Answer> UpdateAsync(Call call)
    {
        var request = UpdateScheduleRequest.Parser.ParseFrom(call.Request);
        return await ChangeAsync(call, request.RequestId, "update", new UpdateScheduleResponse(), () =>
        {
            if (!request.ConflictToken.IsEmpty && request.ConflictToken != ScheduleViews.TokenOf(state!))
            {
                return Refusal.FailedPrecondition(
                    "mismatched conflict token: the schedule changed meanwhile. Describe it again, and change what it is now.", null);
            }

            ScheduleRules.Replace(state!, request.Schedule, clock.GetUtcNow());
            state!.Author = call.Caller;
            state.SearchAttributes = request.SearchAttributes ?? state.SearchAttributes;
            state.Memo = request.Memo ?? state.Memo;
            times = new ScheduleTimes(state.Schedule.Spec, key.ToString());
            return null;
        });
    }

    public async Task<Answer> PatchAsync(Call call)
    {
        var request = PatchScheduleRequest.Parser.ParseFrom(call.Request);
        return await ChangeAsync(call, request.RequestId, "patch", new PatchScheduleResponse(), () =>
            ScheduleRules.Patch(state!, request.Patch ?? new SchedulePatch(), clock.GetUtcNow()) is { } wrong ? Refusal.InvalidArgument(wrong) : null);
    }

    public async Task<Answer> DeleteAsync(Call call)
    {
        if (state is null)
        {
            return Missing();
        }

        var isDone = await store.DeleteAsync(key, version, state, call.Actor, call.Reason, CancellationToken.None);
        await LoadAsync();
        return isDone ? Answer.Of(new DeleteScheduleResponse()) : Refusal.Unavailable("The schedule changed meanwhile. Try again.");
    }

    public Task<Answer> DiscardAsync() =>
        state is null ? Task.FromResult(Answer.Of(new DeleteScheduleResponse())) : DeleteAsync(new Call([], "", "", ""));

    public Task<Answer> MatchingTimesAsync(Call call)
    {
        if (state is null)
        {
            return Task.FromResult(Missing());
        }

        var request = ListScheduleMatchingTimesRequest.Parser.ParseFrom(call.Request);
        var (from, to) = (request.StartTime.ToDateTimeOffset(), request.EndTime.ToDateTimeOffset());
        var found = times!.From(from, MaxMatching).TakeWhile(t => t.Nominal <= to).Select(t => Timestamp.FromDateTimeOffset(t.At));
        return Task.FromResult(Answer.Of(new ListScheduleMatchingTimesResponse { StartTime = { found } }));
    }

    public async Task<Receipt> ReceiveAsync(Delivery delivery)
    {
        if (await outbox.IsDeliveredAsync(delivery.Key, CancellationToken.None) is null)
        {
            return Receipt.Gone;
        }

        var now = clock.GetUtcNow();
        if (state is null || !ScheduleRules.Closed(state, delivery.TargetRun, HistoryEvent.Parser.ParseFrom(delivery.Event), now))
        {
            return Receipt.Needless;
        }

        ScheduleRules.Advance(state, times!, now);
        return await CommitAsync(new ScheduleStep { Settles = delivery.Key }) is null ? Receipt.Done : Receipt.Again;
    }

    /// <summary>Changes the schedule once for a request. What is due is dealt with before, as the schedule was.</summary>
    private async Task<Answer> ChangeAsync(Call call, string requestId, string verb, Google.Protobuf.IMessage done, Func<Refusal?> change)
    {
        if (state is null)
        {
            return Missing();
        }

        if (requestId.Length > 0 && state.Requests.Contains(requestId))
        {
            return Answer.Of(done);
        }

        ScheduleRules.Advance(state, times!, clock.GetUtcNow());
        if (change() is { } refused)
        {
            Drop();
            return refused;
        }

        if (requestId.Length > 0)
        {
            state.Requests.Add(requestId);
            state.Requests.RemoveRange(0, Math.Max(0, state.Requests.Count - MaxRequests));
        }

        ScheduleRules.Advance(state, times!, clock.GetUtcNow());
        return await CommitAsync(new ScheduleStep { Verb = verb, Actor = call.Actor, Why = call.Reason }) is { } refusal ? refusal : Answer.Of(done);
    }

    private Answer Missing() => Refusal.NotFound($"schedule not found for ID: {key.ScheduleId}");
}
