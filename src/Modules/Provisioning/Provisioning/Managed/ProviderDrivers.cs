using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Providers.Kubernetes;
using Flagstone.Provisioning.Providers.Simulated;

namespace Flagstone.Provisioning.Managed;

/// <summary>Which driver makes a kind. A kind of managed resource that none names, such as one of a provider's CustomResourceDefinition, is simulated, or delegated.</summary>
internal sealed class ProviderDrivers(IEnumerable<IProviderDriver> drivers, KindRegistry kinds)
{
    private readonly Dictionary<KindId, IProviderDriver> byKind =
        drivers.SelectMany(d => d.Kinds.Select(k => (k.Id, Driver: d))).ToDictionary(p => p.Id, p => p.Driver);

    /// <summary>A Crossplane in a cluster where one is given, which makes them for real.</summary>
    private readonly IProviderDriver? others =
        drivers.OfType<DelegatingDriver>().FirstOrDefault() ?? (IProviderDriver?)drivers.OfType<SimulatedDriver>().FirstOrDefault();

    public bool Serves(KindId kind) => Find(kind) is not null;

    public IProviderDriver? Find(KindId kind) =>
        byKind.TryGetValue(kind, out var driver) ? driver
        : others is not null && kinds.Find(kind) is { DefinedBy: not null } defined && defined.Categories.Contains(ManagedKinds.Category) ? others : null;
}
