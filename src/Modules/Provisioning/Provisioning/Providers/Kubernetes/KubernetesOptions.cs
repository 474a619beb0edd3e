namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>Settings of the provider <c>kubernetes</c>; keys <c>Flagstone:Provisioning:Kubernetes:...</c>.</summary>
internal sealed record KubernetesOptions
{
    public const string Section = "Flagstone:Provisioning:Kubernetes";

    /// <summary>No request to a cluster takes longer; what came of it is then unknown.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
