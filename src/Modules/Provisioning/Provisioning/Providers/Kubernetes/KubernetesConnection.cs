using k8s;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>A way to one cluster, by the Kubernetes client: it reads kubeconfigs, checks the cluster's certificate and renews tokens.</summary>
internal sealed class KubernetesConnection(KubernetesClientConfiguration configuration) : IDisposable
{
    private readonly k8s.Kubernetes kubernetes = new(Confined(configuration));

    public Uri Server { get; } = new(configuration.Host.TrimEnd('/') + "/");

    /// <summary>Sends a request with the credentials; the answer's body is not read yet.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        if (kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, ct);
        }

        return await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
    }

    public void Dispose() => kubernetes.Dispose();

    /// <summary>A redirect would have us ask addresses that only this machine reaches, and show what they say.</summary>
    private static KubernetesClientConfiguration Confined(KubernetesClientConfiguration configuration)
    {
        configuration.FirstMessageHandlerSetup = handler => handler.AllowAutoRedirect = false;
        return configuration;
    }
}
