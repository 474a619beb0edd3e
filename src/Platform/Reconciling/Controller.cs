using Flagstone.Platform.Feed;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Platform.Reconciling;

/// <summary>A controller as the scheduler knows it.</summary>
/// <param name="Name">Its name, in due entries and in the ledger's actor.</param>
/// <param name="Grain">Its grain for a key.</param>
/// <param name="Route">The keys that a committed row wakes; usually none or one.</param>
public sealed record Controller(string Name, Func<IGrainFactory, string, IReconcileGrain> Grain, Func<CommittedRow, IEnumerable<string>> Route);

public static class ControllerRegistration
{
    public static IServiceCollection AddController<TGrain>(this IServiceCollection services, string name, Func<CommittedRow, IEnumerable<string>> route)
        where TGrain : IReconcileGrain =>
        services.AddSingleton(new Controller(name, (grains, key) => grains.GetGrain<TGrain>(key), route));
}
