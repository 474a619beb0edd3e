using Flagstone.Platform.Reconciling;

namespace Flagstone.Provisioning.Compositions.EnvironmentConfigs;

[GrainInterfaceType("flagstone.environment-config")]
internal interface IEnvironmentConfigGrain : IReconcileGrain;

/// <summary>Wakes what may have been composed of an EnvironmentConfig that changed, or went. The key is its name.</summary>
[GrainType("flagstone.environment-config")]
internal sealed class EnvironmentConfigGrain(CompositeWaker waker) : Grain, IEnvironmentConfigGrain
{
    public const string Controller = "environment-config";

    public async Task<ReconcileResult> ReconcileAsync()
    {
        await waker.WakeReadersAsync(CancellationToken.None);
        return ReconcileResult.Done;
    }
}
