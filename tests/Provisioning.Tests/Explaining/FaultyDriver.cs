using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Tests.Explaining;

/// <summary>A provider whose things go wrong as their <c>spec.forProvider.fault</c> says.</summary>
internal sealed class FaultyDriver : IProviderDriver
{
    private readonly HashSet<string> made = new(StringComparer.Ordinal);

    public static KindDefinition Thing { get; } = ManagedKinds.Make("things", "faulty.test", "v1", "Thing");

    /// <summary>Named by the provider, which remembers no token.</summary>
    public static KindDefinition Unnamed { get; } = ManagedKinds.Make("unnameds", "faulty.test", "v1", "Unnamed");

    public IReadOnlyList<KindDefinition> Kinds { get; } = [Thing, Unnamed];

    public bool NamesAreOurs(KindDefinition kind) => kind.Id != Unnamed.Id;

    public Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        var fault = resource.ForProvider.Text("fault");
        Observation seen = fault switch
        {
            "unobservable" => new Unobservable("the network is down"),
            _ when resource.ExternalName.Length == 0 || !made.Contains(resource.ExternalName) => new Absent(),
            "slow" => new Present(null, "it takes its time", [], Nothing),
            "fixed" => new Present(null, null, [], Nothing) { Unfixable = "spec.forProvider.size is 1 and should be 2, which only a new one could have" },
            "differs" => new Present("spec.forProvider.size is 1 and should be 2", null, [], Nothing),
            _ => new Present(null, null, [], Nothing),
        };
        return Task.FromResult(seen);
    }

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct)
    {
        switch (resource.ForProvider.Text("fault"))
        {
            case "refuse":
                return Task.FromResult<DriverOutcome>(new Failed("ServiceLimitExceeded: the quota of things is used up") { Terminal = true });
            case "lost":
                return Task.FromResult<DriverOutcome>(new Unknown("the connection was closed"));
            case "waits":
                return Task.FromResult<DriverOutcome>(new Waiting("role \"orders\" does not exist"));
            default:
                made.Add(resource.ExternalName);
                return Task.FromResult<DriverOutcome>(Done.Plain);
        }
    }

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => Task.FromResult<DriverOutcome>(Done.Plain);

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct)
    {
        made.Remove(resource.ExternalName);
        return Task.FromResult<DriverOutcome>(Done.Plain);
    }

    private static readonly Dictionary<string, string> Nothing = [];
}
