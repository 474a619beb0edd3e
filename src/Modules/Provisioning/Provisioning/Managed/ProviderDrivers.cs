using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Managed;

/// <summary>Which driver makes a kind.</summary>
internal sealed class ProviderDrivers(IEnumerable<IProviderDriver> drivers)
{
    private readonly Dictionary<KindId, IProviderDriver> byKind =
        drivers.SelectMany(d => d.Kinds.Select(k => (k.Id, Driver: d))).ToDictionary(p => p.Id, p => p.Driver);

    public bool Serves(KindId kind) => byKind.ContainsKey(kind);

    public IProviderDriver? Find(KindId kind) => byKind.GetValueOrDefault(kind);
}
