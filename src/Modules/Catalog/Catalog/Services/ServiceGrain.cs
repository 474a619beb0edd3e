using System.Globalization;
using Flagstone.Catalog.Kinds;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Services;

[GrainInterfaceType("flagstone.service")]
internal interface IServiceGrain : IReconcileGrain;

/// <summary>Writes where a service is in its life into its Component's status. The key is the Component's.</summary>
[GrainType("flagstone.service")]
internal sealed class ServiceGrain(ResourceStore store, ResourceGateway gateway, ServiceReader reader, KindRegistry kinds, TimeProvider clock) : Grain, IServiceGrain
{
    public const string Controller = "service";

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key)
            || await store.FindAsync(key, CancellationToken.None) is not { } found
            || found.ToDocument() is var component && component["spec"].Text("type") != "service")
        {
            return ReconcileResult.Done;
        }

        var seen = await reader.ObserveAsync(component, CancellationToken.None);
        var verdict = ServiceRules.Decide(seen);
        await gateway.SetStatusAsync(Controller, kinds.Find(EntityKinds.Component)!, key, document =>
        {
            var condition = verdict.Ready
                ? Condition.True("Ready", verdict.Reason, verdict.Message)
                : Condition.False("Ready", verdict.Reason, verdict.Message);
            var isNews = document["status"].Text("phase") != verdict.Phase.ToString() || document.FindCondition("Ready")?.Reason != verdict.Reason;
            document.SetCondition(condition, clock.GetUtcNow());
            var status = document["status"]!.AsObject();
            if (isNews)
            {
                status["since"] = clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            }

            status["phase"] = verdict.Phase.ToString();
            if (seen.Deployment is { Commit.Length: > 0 } deployment)
            {
                status["commit"] = deployment.Commit;
                AnsweredCommits.Note(document, deployment.Answering);
            }
            else
            {
                status.Remove("commit");
            }
        }, CancellationToken.None);
        return ReconcileResult.Done;
    }
}
