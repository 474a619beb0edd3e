using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Deployments;

/// <summary>
/// Holds a deployment. A change of where work goes is stored, then the queues take it over, and then it is answered; a queue that was not told reads it
/// from the rows within seconds. This part loads, commits and tells; the other one is the calls.
/// </summary>
[GrainType("flagstone.workflow-deployment"), CollectionAgeLimit(Minutes = 2)]
internal sealed partial class DeploymentGrain(
    DeploymentStore store, TaskQueueStore tasks, IGrainFactory grains, TimeProvider clock, ILogger<DeploymentGrain> logger)
    : Grain, IDeploymentGrain, IIncomingGrainCallFilter
{
    /// <summary>How often it is looked whether workflows that are pinned to a version are still open.</summary>
    private static readonly TimeSpan Watch = TimeSpan.FromMinutes(1);

    private DeploymentKey key;
    private DeploymentState? state;
    private byte[] stored = [];
    private long version;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = DeploymentKey.Parse(this.GetPrimaryKeyString());
        await LoadAsync();
    }

    /// <summary>A call that fails in the middle of a step leaves nothing of the step behind.</summary>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch
        {
            Drop();
            throw;
        }
    }

    public async Task<ReconcileResult> ReconcileAsync()
    {
        await ObserveAsync();
        return Due() is null ? ReconcileResult.Done : ReconcileResult.After(Watch);
    }

    /// <summary>Looks whether the versions that get no new work are done.</summary>
    private async Task ObserveAsync()
    {
        if (state is null)
        {
            return;
        }

        var isNews = false;
        foreach (var (build, one) in state.Versions.Where(v => v.Value is { IsActive: false, Drainage: not VersionDrainageStatus.Unspecified }))
        {
            var isOpen = await store.IsPinnedToAsync(key.Namespace, state.VersionOf(build), CancellationToken.None);
            isNews |= DeploymentRules.Observe(one, isOpen, clock.GetUtcNow());
        }

        if (isNews)
        {
            await CommitAsync("", "", "");
        }
    }

    private DateTimeOffset? Due() =>
        state is not null && state.Versions.Values.Any(v => v.Drainage == VersionDrainageStatus.Draining) ? clock.GetUtcNow() + Watch : null;

    /// <summary>Commits the state as it is. Null when it is durable.</summary>
    private async Task<Refusal?> CommitAsync(string verb, string reason, string actor)
    {
        var before = stored.Length == 0 ? null : StateCodec.Read<DeploymentState>(stored);
        try
        {
            if (!await store.CommitAsync(key, version, before, state!, new DeploymentStep(verb, reason, actor, Due()), CancellationToken.None))
            {
                return await OvertakenAsync();
            }
        }
        catch (StoreUnavailableException)
        {
            // Whether it is stored is not known: the next activation reads what is there.
            DeactivateOnIdle();
            throw;
        }

        version++;
        stored = StateCodec.Write(state!);
        return null;
    }

    private async Task<Refusal> OvertakenAsync()
    {
        LogOvertaken(key.Name, version);
        await LoadAsync();
        return Refusal.Unavailable("The deployment changed meanwhile. Try again.");
    }

    /// <summary>Lets the queues of the deployment take over where work goes.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "A queue that cannot answer reads the rows itself.")]
    private async Task TellAsync(IEnumerable<VersionQueue> queues)
    {
        await Task.WhenAll(queues.Distinct().Select(async queue =>
        {
            try
            {
                await Queue(queue).RerouteAsync(null);
            }
            catch (Exception e)
            {
                LogNotTold(e, queue.Name, key.Name);
            }
        }));
    }

    private ITaskQueueGrain Queue(VersionQueue queue) => grains.GetGrain<ITaskQueueGrain>(KeyOf(queue).ToString());

    private TaskQueueKey KeyOf(VersionQueue queue) => new(key.Namespace, queue.Kind, queue.Name);

    private async Task LoadAsync()
    {
        var found = await store.FindAsync(key, CancellationToken.None);
        (stored, version) = (found?.State ?? [], found?.Version ?? 0);
        Drop();
    }

    /// <summary>Forgets what was decided and is not committed.</summary>
    private void Drop() => state = stored.Length == 0 ? null : StateCodec.Read<DeploymentState>(stored);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deployment {Deployment} was changed elsewhere after its commit {Version}; it is read again")]
    private partial void LogOvertaken(string deployment, long version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Task queue {Queue} was not told of a change of deployment {Deployment}; it reads it within seconds")]
    private partial void LogNotTold(Exception exception, string queue, string deployment);
}
