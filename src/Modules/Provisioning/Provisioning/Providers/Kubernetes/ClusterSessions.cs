using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;
using k8s;
using k8s.Exceptions;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>Opens the way to the cluster that a resource's <c>providerConfigRef</c> names. One kubeconfig has one client, and its connections.</summary>
internal sealed class ClusterSessions(ResourceStore store, ConnectionSecrets secrets, KubernetesOptions options, TimeProvider clock) : IDisposable
{
    private const string Default = "default";

    /// <summary>More clusters than one installation provisions in; beyond it connections are made anew.</summary>
    private const int MaxClients = 64;

    private readonly ConcurrentDictionary<string, ClusterClient> clients = new(StringComparer.Ordinal);

    public void Dispose()
    {
        foreach (var client in clients.Values)
        {
            client.Dispose();
        }
    }

    /// <summary>Exactly one of the two is not null.</summary>
    public async Task<(ClusterClient? Client, string? Problem)> OpenAsync(ManagedResource resource, CancellationToken ct)
    {
        var reference = resource.Document.At("spec", "providerConfigRef");
        var name = reference.Text("name") is { Length: > 0 } given ? given : Default;
        var kind = !resource.Kind.Namespaced ? KubernetesKinds.ProviderConfig
            : reference.Text("kind") == KubernetesKinds.NamespacedProviderConfig.Kind ? KubernetesKinds.NamespacedProviderConfig
            : KubernetesKinds.ClusterProviderConfig;
        if ((await store.FindAsync(kind.Key(resource.Key.Namespace, name), ct))?.ToDocument() is not { } config)
        {
            return (null, $"There is no {kind.Kind} '{name}' of {kind.Id.Group}");
        }

        var (client, problem) = await OpenAsync(kind, config, ct);
        return (client, problem is null ? null : $"{kind.Kind} '{name}': {problem}");
    }

    private async Task<(ClusterClient? Client, string? Problem)> OpenAsync(KindDefinition kind, JsonObject config, CancellationToken ct)
    {
        var spec = config["spec"];
        if (spec?["identity"] is JsonObject identity)
        {
            return (null, $"the identity {identity.Text("type")} is not supported. Use a kubeconfig with a token or a client certificate");
        }

        switch (spec.At("credentials").Text("source"))
        {
            // That identity is the platform's own: who may write in a namespace must not have it.
            case "InjectedIdentity" when !kind.Namespaced:
                return FromCluster();
            case "InjectedIdentity":
                return (null, "the source InjectedIdentity is for cluster-scoped configs alone");
            case "Secret":
                return await FromSecretAsync(kind, config, spec.At("credentials", "secretRef"), ct);
            case var other:
                return (null, $"the source {other} is not supported. Use one of: Secret, InjectedIdentity");
        }
    }

    private (ClusterClient? Client, string? Problem) FromCluster()
    {
        try
        {
            return (ClientOf("in-cluster", KubernetesClientConfiguration.InClusterConfig), null);
        }
        catch (KubeConfigException)
        {
            return (null, "the platform does not run in a cluster, so that there is no InjectedIdentity");
        }
    }

    private async Task<(ClusterClient? Client, string? Problem)> FromSecretAsync(KindDefinition kind, JsonObject config, JsonNode? reference, CancellationToken ct)
    {
        var (ns, name, key) = (reference.Text("namespace"), reference.Text("name"), reference.Text("key"));
        if (kind.Namespaced)
        {
            if (ns.Length > 0 && ns != config.NamespaceOf())
            {
                return (null, $"its secret must lie in its own namespace '{config.NamespaceOf()}'");
            }

            ns = config.NamespaceOf();
        }

        if (!(await secrets.ReadAsync(ns, name, ct)).TryGetValue(key, out var text))
        {
            return (null, $"the secret {ns}/{name} has no key '{key}'");
        }

        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        if (clients.TryGetValue(hash, out var known))
        {
            return (known, null);
        }

        var (configuration, problem) = await SafeKubeconfig.ReadAsync(text);
        return configuration is null ? (null, $"the key '{key}' of secret {ns}/{name} cannot be used: {problem}") : (ClientOf(hash, () => configuration), null);
    }

    private ClusterClient ClientOf(string key, Func<KubernetesClientConfiguration> configuration)
    {
        if (clients.Count >= MaxClients)
        {
            // Not disposed: requests may be under way. Their connections close when they have been idle.
            clients.Clear();
        }

        return clients.GetOrAdd(key, _ => new ClusterClient(new KubernetesConnection(configuration()), options.CallTimeout, clock));
    }
}
