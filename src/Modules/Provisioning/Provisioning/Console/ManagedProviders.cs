using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Console;

/// <summary>Which provider makes a kind, as the pages name it.</summary>
internal sealed class ManagedProviders(ProviderDrivers drivers, KindRegistry kinds)
{
    /// <summary>The provider's name; empty for what the platform itself keeps, and for a kind that nobody serves yet.</summary>
    public string Of(string apiVersion, string kind) =>
        kinds.TryFind(apiVersion, kind, out var found) && drivers.Find(found.Id) is { } driver ? driver.GetType().Name.Replace("Driver", "", StringComparison.Ordinal).ToLowerInvariant() : "";
}
