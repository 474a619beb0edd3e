using System.Globalization;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Batches;

/// <summary>
/// Carries a job out, some executions in each turn. A turn is done first and recorded then, so a process that dies between leaves it to be done again,
/// which changes nothing.
/// </summary>
[GrainType("flagstone.workflow-batch"), CollectionAgeLimit(Minutes = 2)]
internal sealed partial class BatchGrain(
    BatchStore store, BatchWork work, VisibilityStore visibility, NamespaceCache namespaces, TimeProvider clock, ILogger<BatchGrain> logger)
    : Grain, IBatchGrain
{
    /// <summary>Jobs of a namespace that may run at once.</summary>
    private const int MaxRunning = 10;

    /// <summary>Executions at once: they share commits.</summary>
    private const int AtOnce = 8;

    private BatchKey key;
    private BatchState? job;
    private long version;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = BatchKey.Parse(this.GetPrimaryKeyString());
        await LoadAsync();
    }

    public async Task<Answer> StartAsync(Call call)
    {
        var request = StartBatchOperationRequest.Parser.ParseFrom(call.Request);
        if (job is not null)
        {
            return job.Request.Equals(request) ? Answer.Of(new StartBatchOperationResponse())
                : new Refusal((int)StatusCode.AlreadyExists, $"A batch job '{key.JobId}' is there already. Give this one another id.", []);
        }

        if (await store.CountOpenAsync(key.Namespace, CancellationToken.None) >= MaxRunning)
        {
            return Refusal.Exhausted($"Max concurrent batch operations is reached: {MaxRunning} jobs of this namespace run. Wait for one, or stop one.");
        }

        var now = clock.GetUtcNow();
        var begun = new BatchState { Uid = Guid.CreateVersion7(now).ToString(), Request = request, Caller = call.Caller, Actor = call.Actor, StartedAt = now };
        begun.Total = request.VisibilityQuery.Length > 0 ? await visibility.CountAsync(await QueryAsync(begun), CancellationToken.None)
            : BatchRules.Named(request).Count;
        return await CommitAsync(begun, now, "create", request.Reason, call.Actor) is { } refusal ? refusal : Answer.Of(new StartBatchOperationResponse());
    }

    public async Task<Answer> StopAsync(Call call)
    {
        var request = StopBatchOperationRequest.Parser.ParseFrom(call.Request);
        if (job is null)
        {
            return Refusal.NotFound($"There is no batch job '{key.JobId}' in this namespace.");
        }

        if (!job.IsRunning)
        {
            return Answer.Of(new StopBatchOperationResponse());
        }

        (job.State, job.ClosedAt) = (BatchOperationState.Failed, clock.GetUtcNow());
        return await CommitAsync(job, null, "stop", request.Reason, call.Actor) is { } refusal ? refusal : Answer.Of(new StopBatchOperationResponse());
    }

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (job is not { IsRunning: true })
        {
            return ReconcileResult.Done;
        }

        try
        {
            return await TurnAsync(job);
        }
        catch
        {
            await LoadAsync();
            throw;
        }
    }

    private async Task<ReconcileResult> TurnAsync(BatchState running)
    {
        var (size, pause) = BatchRules.Pace(running.Request);
        List<WorkflowExecution> some;
        ListPosition? next;
        try
        {
            (some, next) = await NextAsync(running, size);
        }
        catch (Exception e) when (e is RpcException or QueryException)
        {
            // The namespace, or an attribute that the query names, is gone meanwhile.
            LogGivenUp(key.JobId, e.Message);
            (running.State, running.ClosedAt) = (BatchOperationState.Failed, clock.GetUtcNow());
            await RecordAsync(running);
            return ReconcileResult.Done;
        }

        foreach (var few in some.Chunk(AtOnce))
        {
            var done = await Task.WhenAll(few.Select(e => work.DoAsync(key, running, e)));
            running.Complete += done.Count(d => d);
            running.Failed += done.Count(d => !d);
        }

        running.Done += some.Count;
        running.After = next ?? running.After;
        var isOver = running.Request.VisibilityQuery.Length > 0 ? next is null : running.Done >= BatchRules.Named(running.Request).Count;
        if (isOver)
        {
            // What ended by itself meanwhile was counted, and is not there any more.
            running.Total = running.Complete + running.Failed;
            (running.State, running.ClosedAt) = (BatchOperationState.Completed, clock.GetUtcNow());
        }

        await RecordAsync(running);
        return isOver ? ReconcileResult.Done : ReconcileResult.After(pause);
    }

    /// <summary>The executions of this turn, and where the query goes on; null where it does not.</summary>
    private async Task<(List<WorkflowExecution> Some, ListPosition? Next)> NextAsync(BatchState running, int size)
    {
        if (running.Request.VisibilityQuery.Length == 0)
        {
            return ([.. BatchRules.Named(running.Request).Skip(running.Done).Take(size)], null);
        }

        var (runs, next) = await visibility.ListAsync(await QueryAsync(running), running.After, size, CancellationToken.None);
        return ([.. runs.Select(r => r.Execution)], next);
    }

    /// <summary>The job's own runs: those that it makes, and those that it closes, are not among them, so that none comes twice.</summary>
    private async Task<CompiledQuery> QueryAsync(BatchState of)
    {
        var ns = await namespaces.GetAsync(of.Request.Namespace, CancellationToken.None);
        if (ns.Id != key.Namespace)
        {
            throw new QueryException(0, "The namespace is another one of the same name.");
        }

        var time = new Literal(LiteralKind.Text, of.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture));
        var open = new Either(new Absence(SearchField.CloseTime, false), new Comparison(SearchField.CloseTime, "<", time));
        Visibility.Queries.Condition bounds = new Both(new Comparison(SearchField.StartTime, "<=", time), open);
        var asked = QueryParser.Parse(of.Request.VisibilityQuery).Where;
        return QueryCompiler.Compile(ns.Id, asked is null ? bounds : new Both(asked, bounds), ns.SearchAttributes);
    }

    private async Task RecordAsync(BatchState next)
    {
        if (await CommitAsync(next, null, "", "", "") is { } refusal)
        {
            throw new InvalidOperationException(refusal.Message);
        }
    }

    private async Task<Refusal?> CommitAsync(BatchState next, DateTimeOffset? due, string verb, string reason, string actor)
    {
        try
        {
            if (!await store.CommitAsync(key, version, next, due, verb, reason, actor, CancellationToken.None))
            {
                await LoadAsync();
                return Refusal.Unavailable("The batch job changed meanwhile. Try again.");
            }
        }
        catch (StoreUnavailableException)
        {
            // Whether it is stored is not known: what is there decides.
            DeactivateOnIdle();
            await LoadAsync();
            throw;
        }

        (job, version) = (next, version + 1);
        return null;
    }

    private async Task LoadAsync()
    {
        var found = await store.FindAsync(key, CancellationToken.None);
        (job, version) = (found is null ? null : StateCodec.Read<BatchState>(found.State), found?.Version ?? 0);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Batch job {Job} is given up: {Why}")]
    private partial void LogGivenUp(string job, string why);
}
