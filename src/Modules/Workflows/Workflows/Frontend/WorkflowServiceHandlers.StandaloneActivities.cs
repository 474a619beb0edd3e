using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Activities.Standalone;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.People;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Grpc.Core;
using Temporalio.Api.Activity.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Activities that clients start themselves.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    /// <summary>What queries call what the rows have under a run's names.</summary>
    private static readonly Dictionary<string, string> ActivityFields = new(StringComparer.Ordinal)
    {
        ["ActivityId"] = SearchField.WorkflowId, ["ActivityType"] = SearchField.WorkflowType, ["ScheduleTime"] = SearchField.StartTime,
    };

    [Rpc("completion callbacks, and what on_conflict_options attach")]
    public async Task<StartActivityExecutionResponse> StartActivityExecution(StartActivityExecutionRequest request, ServerCallContext context)
    {
        var ns = await OpenNamespaceAsync(request.Namespace, context);
        Check(request);
        RequestChecks.SearchAttributes(request.SearchAttributes, ns.SearchAttributes);
        request.RequestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString();
        return Read<StartActivityExecutionResponse>(await ActivityGrain(ns, request.ActivityId).StartAsync(CallOf(request, "", context)));
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<DescribeActivityExecutionResponse> DescribeActivityExecution(DescribeActivityExecutionRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        var (state, started) = await ActivityAsync(ns, request.ActivityId, request.RunId, context);
        if (!request.LongPollToken.IsEmpty && StandaloneActivityViews.TokenOf(state) == request.LongPollToken)
        {
            await ActivityGrain(ns, state.Id).WaitAsync(state.RunId, state.Transitions).WaitAsync(context.CancellationToken);
            (state, started) = await ActivityAsync(ns, request.ActivityId, request.RunId, context);
        }

        return StandaloneActivityViews.Describe(state, started, request);
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<PollActivityExecutionResponse> PollActivityExecution(PollActivityExecutionRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        var until = clock.GetUtcNow() + Left(context);
        while (true)
        {
            var (state, _) = await ActivityAsync(ns, request.ActivityId, request.RunId, context);
            var left = until - clock.GetUtcNow();
            if (!state.IsOpen || left <= TimeSpan.Zero)
            {
                return new PollActivityExecutionResponse { RunId = state.RunId, Outcome = StandaloneActivityViews.Outcome(state) };
            }

            await Task.WhenAny(
                ActivityGrain(ns, state.Id).WaitAsync(state.RunId, state.Transitions), Task.Delay(left, clock, context.CancellationToken))
                .WaitAsync(context.CancellationToken);
        }
    }

    [Rpc]
    public async Task<RequestCancelActivityExecutionResponse> RequestCancelActivityExecution(
        RequestCancelActivityExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.ActivityId, "ActivityId");
        RequestChecks.Length(request.Reason, "Reason");
        RequestChecks.Length(request.RequestId, "RequestId");
        var activity = ActivityGrain(await NamespaceAsync(request.Namespace, context), request.ActivityId);
        return Read<RequestCancelActivityExecutionResponse>(await activity.RequestCancelAsync(CallOf(request, request.RunId, context)));
    }

    [Rpc]
    public async Task<TerminateActivityExecutionResponse> TerminateActivityExecution(TerminateActivityExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.ActivityId, "ActivityId");
        RequestChecks.Length(request.Reason, "Reason");
        RequestChecks.Length(request.RequestId, "RequestId");
        var activity = ActivityGrain(await NamespaceAsync(request.Namespace, context), request.ActivityId);
        return Read<TerminateActivityExecutionResponse>(await activity.TerminateAsync(CallOf(request, request.RunId, context)));
    }

    [Rpc]
    public async Task<DeleteActivityExecutionResponse> DeleteActivityExecution(DeleteActivityExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.ActivityId, "ActivityId");
        var activity = ActivityGrain(await NamespaceAsync(request.Namespace, context), request.ActivityId);
        return Read<DeleteActivityExecutionResponse>(await activity.DeleteForAsync(CallOf(request, request.RunId, context)));
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<ListActivityExecutionsResponse> ListActivityExecutions(ListActivityExecutionsRequest request, ServerCallContext context)
    {
        if (request.PageSize < 0)
        {
            throw RpcErrors.InvalidArgument("PageSize is negative. Leave it out, or ask for 1 to 1000.");
        }

        var ns = await NamespaceAsync(request.Namespace, context);
        var (where, list) = (Parsed(request.Query) is { } condition ? Renamed(condition, ActivityFields) : null, ActivityKey.ListOf(ns.Id));
        var query = Answered(() => QueryCompiler.Compile(list, where, ns.SearchAttributes));
        var text = where?.ToString() ?? "";
        var (found, next) = await visibility.ListAsync(
            query, ListTokens.Read(request.NextPageToken, list, text), request.PageSize, ActivityExecutionListInfo.Parser, context.CancellationToken);
        return new ListActivityExecutionsResponse { Executions = { found }, NextPageToken = ListTokens.Write(next, list, text) };
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<CountActivityExecutionsResponse> CountActivityExecutions(CountActivityExecutionsRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        var (query, group) = Answered(() =>
        {
            var parsed = QueryParser.Parse(request.Query);
            var where = parsed.Where is { } condition ? Renamed(condition, ActivityFields) : null;
            return parsed.GroupBy is "" or SearchField.Status
                ? (QueryCompiler.Compile(ActivityKey.ListOf(ns.Id), where, ns.SearchAttributes), parsed.GroupBy)
                : throw new QueryException(0, $"GROUP BY takes {SearchField.Status} alone, not {parsed.GroupBy}.");
        });
        if (group.Length == 0)
        {
            return new CountActivityExecutionsResponse { Count = await visibility.CountAsync(query, context.CancellationToken) };
        }

        var counts = await visibility.CountByStatusAsync(query, context.CancellationToken);
        return new CountActivityExecutionsResponse
        {
            Count = counts.Sum(c => c.Count),
            Groups =
            {
                counts.Select(c => new CountActivityExecutionsResponse.Types.AggregationGroup
                {
                    Count = c.Count, GroupValues = { Keyword(c.Status.ToString()) },
                }),
            },
        };
    }

    private static void Check(StartActivityExecutionRequest request)
    {
        RequestChecks.Id(request.ActivityId, "ActivityId");
        RequestChecks.Id(request.ActivityType?.Name, "ActivityType");
        RequestChecks.Id(request.TaskQueue?.Name, "TaskQueue");
        if (PeopleQueue.Is(request.TaskQueue?.Name))
        {
            throw RpcErrors.InvalidArgument(PeopleQueue.NoStandalone);
        }

        RequestChecks.Length(request.RequestId, "RequestId");
        RequestChecks.Blob(request.Input, "StartActivityExecutionRequest.Input");
        RequestChecks.Blob(request.Header, "StartActivityExecutionRequest.Header");
        RequestChecks.Blob(request.UserMetadata, "StartActivityExecutionRequest.UserMetadata");
        RequestChecks.NotNegative(request.ScheduleToCloseTimeout, "ScheduleToCloseTimeout");
        RequestChecks.NotNegative(request.ScheduleToStartTimeout, "ScheduleToStartTimeout");
        RequestChecks.NotNegative(request.StartToCloseTimeout, "StartToCloseTimeout");
        RequestChecks.NotNegative(request.HeartbeatTimeout, "HeartbeatTimeout");
        RequestChecks.NotNegative(request.StartDelay, "StartDelay");
        var hasTime = Durations.Of(request.ScheduleToCloseTimeout) > TimeSpan.Zero || Durations.Of(request.StartToCloseTimeout) > TimeSpan.Zero;
        if ((hasTime ? RetryRules.Refuse(request.RetryPolicy) ?? NexusLinks.Refuse(request.Links)
            : "A valid StartToClose or ScheduleToCloseTimeout is not set on request.") is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }

        if (request.CompletionCallbacks.Count > 0 || request.OnConflictOptions is not null)
        {
            throw RpcErrors.Unimplemented("Completion callbacks of activities, and what on_conflict_options attach, are not there yet.");
        }
    }

    private static Condition Renamed(Condition condition, Dictionary<string, string> names) => condition switch
    {
        Both both => new Both(Renamed(both.Left, names), Renamed(both.Right, names)),
        Either either => new Either(Renamed(either.Left, names), Renamed(either.Right, names)),
        Negated not => new Negated(Renamed(not.Inner, names)),
        FieldCondition field when names.TryGetValue(field.Field, out var name) => field with { Field = name },
        _ => condition,
    };

    private IActivityExecutionGrain ActivityGrain(WorkflowNamespace ns, string id) =>
        grains.GetGrain<IActivityExecutionGrain>(new ActivityKey(ns.Id, id).ToString());

    private async Task<(StandaloneActivity State, StartActivityExecutionRequest Started)> ActivityAsync(
        WorkflowNamespace ns, string id, string runId, ServerCallContext context)
    {
        RequestChecks.Id(id, "ActivityId");
        var found = await activities.FindAsync(new ActivityKey(ns.Id, id), context.CancellationToken);
        var state = found is null ? null : StateCodec.Read<StandaloneActivity>(found.State);
        return state is not null && (runId.Length == 0 || state.RunId == runId) ? (state, StartActivityExecutionRequest.Parser.ParseFrom(found!.Request))
            : throw RpcErrors.NotFound($"activity not found for ID: {id}");
    }
}
