using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Simulated;

/// <summary>Upbound's AWS kinds that the built-in compositions use; their <c>forProvider</c> is taken as it is.</summary>
internal static class SimulatedKinds
{
    public const string Rds = "rds.aws.upbound.io";

    public static IReadOnlyList<KindDefinition> All { get; } =
    [
        ManagedKinds.Make("instances", Rds, "v1beta1", "Instance"),
        ManagedKinds.Make("subnetgroups", Rds, "v1beta1", "SubnetGroup"),
        ManagedKinds.Make("keys", "kms.aws.upbound.io", "v1beta1", "Key"),
        ManagedKinds.Make("securitygroups", "ec2.aws.upbound.io", "v1beta1", "SecurityGroup"),
    ];
}
