using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Simulated;

/// <summary>Kinds that are simulated wherever the platform runs: for what has no real part on a laptop.</summary>
internal static class SimulatedKinds
{
    public const string Group = "simulated.flagstone.dev";

    public static IReadOnlyList<KindDefinition> All { get; } =
    [
        ManagedKinds.Make("buckets", Group, "v1alpha1", "Bucket"),
        ManagedKinds.Make("queues", Group, "v1alpha1", "Queue"),
        // Its name is the provider's to choose: what becomes of a creation whose answer is lost, only its token tells.
        ManagedKinds.Make("tickets", Group, "v1alpha1", "Ticket"),
    ];

    /// <summary>False for the kind whose name the provider chooses.</summary>
    public static bool NamesAreOurs(KindId id) => id is not { Plural: "tickets", Group: Group };
}
