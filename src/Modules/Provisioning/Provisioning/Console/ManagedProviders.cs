using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Managed.Health;

namespace Flagstone.Provisioning.Console;

/// <summary>The providers as the pages show them: which makes a kind, and how each does.</summary>
internal sealed class ManagedProviders(ProviderDrivers drivers, ProviderHealth health, KindRegistry kinds)
{
    /// <summary>The provider's name; empty for what the platform itself keeps, and for a kind that nobody serves yet.</summary>
    public string Of(string apiVersion, string kind) => kinds.TryFind(apiVersion, kind, out var found) ? drivers.Find(found.Id)?.Provider ?? "" : "";

    public bool Serves(KindId kind) => drivers.Serves(kind);

    /// <summary>All providers; what one said of a resource only for those who may see the resource.</summary>
    public IReadOnlyList<ProviderView> All(Caller caller)
    {
        var made = kinds.All.Where(k => drivers.Serves(k.Id)).ToLookup(k => drivers.Find(k.Id)!.Provider, k => k.Id.ToString(), StringComparer.Ordinal);
        return [.. health.All().Select(r => ProviderEndpoints.View(
            r, [.. made[r.Provider].Order(StringComparer.Ordinal)], p => ProviderEndpoints.MaySee(caller, kinds, p.Resource)))];
    }
}
