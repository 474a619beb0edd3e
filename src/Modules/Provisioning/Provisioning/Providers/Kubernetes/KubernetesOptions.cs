namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>Settings of the provider <c>kubernetes</c>; keys <c>Flagstone:Provisioning:Kubernetes:...</c>.</summary>
internal sealed record KubernetesOptions
{
    public const string Section = "Flagstone:Provisioning:Kubernetes";

    /// <summary>No request to a cluster takes longer; what came of it is then unknown.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>True to have a Crossplane in a cluster make the managed resources that no provider here makes.</summary>
    public bool Delegate { get; init; }

    /// <summary>The file with the kubeconfig of that cluster; empty when the platform runs in it.</summary>
    public string Kubeconfig { get; init; } = "";
}
