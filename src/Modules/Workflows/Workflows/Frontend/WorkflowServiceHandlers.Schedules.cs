using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Schedules;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Schedules.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    /// <summary>What queries call the id of a schedule, which stands where that of a workflow does.</summary>
    private const string ScheduleIdField = "ScheduleId";

    [Rpc("time zones of the client's own (timezone_data)")]
    public async Task<CreateScheduleResponse> CreateSchedule(CreateScheduleRequest request, ServerCallContext context)
    {
        var ns = await OpenNamespaceAsync(request.Namespace, context);
        RequestChecks.Id(request.ScheduleId, "ScheduleId");
        RequestChecks.Length(request.RequestId, "RequestId");
        RequestChecks.Blob(request.Memo, "CreateScheduleRequest.Memo");
        RequestChecks.SearchAttributes(request.SearchAttributes, ns.SearchAttributes);
        request.Schedule = ScheduleChecks.Read(request.Schedule, ns);
        ScheduleChecks.Patch(request.InitialPatch);
        request.RequestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString();
        return Read<CreateScheduleResponse>(await Schedule(ns, request.ScheduleId).CreateAsync(CallOf(request, "", context)));
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<DescribeScheduleResponse> DescribeSchedule(DescribeScheduleRequest request, ServerCallContext context) =>
        Read<DescribeScheduleResponse>(await (await ScheduleAsync(request.Namespace, request.ScheduleId, context)).DescribeAsync());

    [Rpc("time zones of the client's own (timezone_data)")]
    public async Task<UpdateScheduleResponse> UpdateSchedule(UpdateScheduleRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        RequestChecks.Id(request.ScheduleId, "ScheduleId");
        RequestChecks.Length(request.RequestId, "RequestId");
        RequestChecks.Blob(request.Memo, "UpdateScheduleRequest.Memo");
        RequestChecks.SearchAttributes(request.SearchAttributes, ns.SearchAttributes);
        request.Schedule = ScheduleChecks.Read(request.Schedule, ns);
        return Read<UpdateScheduleResponse>(await Schedule(ns, request.ScheduleId).UpdateAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<PatchScheduleResponse> PatchSchedule(PatchScheduleRequest request, ServerCallContext context)
    {
        RequestChecks.Length(request.RequestId, "RequestId");
        ScheduleChecks.Patch(request.Patch);
        var schedule = await ScheduleAsync(request.Namespace, request.ScheduleId, context);
        return Read<PatchScheduleResponse>(await schedule.PatchAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<DeleteScheduleResponse> DeleteSchedule(DeleteScheduleRequest request, ServerCallContext context)
    {
        var schedule = await ScheduleAsync(request.Namespace, request.ScheduleId, context);
        return Read<DeleteScheduleResponse>(await schedule.DeleteAsync(CallOf(request, "", context)));
    }

    [Rpc("more than the first 1,000 times", Access = RpcAccess.ReadOwn)]
    public async Task<ListScheduleMatchingTimesResponse> ListScheduleMatchingTimes(ListScheduleMatchingTimesRequest request, ServerCallContext context)
    {
        if (request.StartTime is null || request.EndTime is null || request.EndTime < request.StartTime)
        {
            throw RpcErrors.InvalidArgument("StartTime and EndTime must be set, the end not before the start.");
        }

        RequestChecks.Time(request.StartTime, "StartTime");
        RequestChecks.Time(request.EndTime, "EndTime");
        var schedule = await ScheduleAsync(request.Namespace, request.ScheduleId, context);
        return Read<ListScheduleMatchingTimesResponse>(await schedule.MatchingTimesAsync(CallOf(request, "", context)));
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<ListSchedulesResponse> ListSchedules(ListSchedulesRequest request, ServerCallContext context)
    {
        if (request.MaximumPageSize < 0)
        {
            throw RpcErrors.InvalidArgument("MaximumPageSize is negative. Leave it out, or ask for 1 to 1000.");
        }

        var ns = await NamespaceAsync(request.Namespace, context);
        var (query, text, list) = SchedulesOf(ns, request.Query);
        var (entries, next) = await visibility.ListAsync(
            query, ListTokens.Read(request.NextPageToken, list, text), request.MaximumPageSize, ScheduleListEntry.Parser, context.CancellationToken);
        foreach (var entry in entries)
        {
            ScheduleViews.AddFuture(entry, ns.Id, clock.GetUtcNow());
        }

        return new ListSchedulesResponse { Schedules = { entries }, NextPageToken = ListTokens.Write(next, list, text) };
    }

    [Rpc("GROUP BY", Access = RpcAccess.ReadOwn)]
    public async Task<CountSchedulesResponse> CountSchedules(CountSchedulesRequest request, ServerCallContext context)
    {
        var (query, _, _) = SchedulesOf(await NamespaceAsync(request.Namespace, context), request.Query);
        return new CountSchedulesResponse { Count = await visibility.CountAsync(query, context.CancellationToken) };
    }

    private static (CompiledQuery Query, string Text, string List) SchedulesOf(WorkflowNamespace ns, string query)
    {
        var list = ScheduleKey.ListOf(ns.Id);
        var where = Parsed(query) is { } condition ? OfSchedules(condition) : null;
        return (Answered(() => QueryCompiler.Compile(list, where, ns.SearchAttributes)), where?.ToString() ?? "", list);
    }

    private static Condition OfSchedules(Condition condition) => condition switch
    {
        Both both => new Both(OfSchedules(both.Left), OfSchedules(both.Right)),
        Either either => new Either(OfSchedules(either.Left), OfSchedules(either.Right)),
        Negated not => new Negated(OfSchedules(not.Inner)),
        FieldCondition { Field: ScheduleIdField } field => field with { Field = SearchField.WorkflowId },
        _ => condition,
    };

    private IScheduleGrain Schedule(WorkflowNamespace ns, string id) => grains.GetGrain<IScheduleGrain>(new ScheduleKey(ns.Id, id).ToString());

    private async Task<IScheduleGrain> ScheduleAsync(string name, string id, ServerCallContext context)
    {
        RequestChecks.Id(id, "ScheduleId");
        return Schedule(await NamespaceAsync(name, context), id);
    }
}
