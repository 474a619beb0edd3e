using System.Text;
using k8s;
using k8s.Exceptions;
using k8s.KubeConfigModels;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>
/// Reads a kubeconfig that others wrote. It may hold credentials, and nothing that has this process run a program or read a file of its
/// machine: then whoever may write a Secret could do either as the platform.
/// </summary>
internal static class SafeKubeconfig
{
    /// <summary>Exactly one of the two is not null. The problem names fields and never values.</summary>
    public static async Task<(KubernetesClientConfiguration? Configuration, string? Problem)> ReadAsync(string text)
    {
        try
        {
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
            var read = await KubernetesClientConfiguration.LoadKubeConfigAsync(stream);
            return WhyUnsafe(read) is { } problem ? (null, problem) : (KubernetesClientConfiguration.BuildConfigFromConfigObject(read), null);
        }
        catch (Exception e) when (e is KubeConfigException or YamlDotNet.Core.YamlException or FormatException or ArgumentException or System.Security.Cryptography.CryptographicException or NullReferenceException)
        {
            // What a parser says may repeat what it read.
            return (null, "it is no kubeconfig with a current context, its cluster and its user");
        }
    }

    private static string? WhyUnsafe(K8SConfiguration? read)
    {
        var context = read?.Contexts?.FirstOrDefault(c => c.Name == read.CurrentContext)?.ContextDetails;
        var cluster = read?.Clusters?.FirstOrDefault(c => c.Name == context?.Cluster)?.ClusterEndpoint;
        var user = read?.Users?.FirstOrDefault(u => u.Name == context?.User)?.UserCredentials;
        if (context is null || cluster is null || user is null)
        {
            return "it is no kubeconfig with a current context, its cluster and its user";
        }

        if (!Uri.TryCreate(cluster.Server, UriKind.Absolute, out var server) || server.Scheme is not ("https" or "http"))
        {
            return "its cluster's server is no URL";
        }

        var forbidden = user switch
        {
            { ExternalExecution: not null } => "exec",
            { AuthProvider: not null } => "auth-provider",
            { ClientCertificate.Length: > 0 } => "client-certificate",
            { ClientKey.Length: > 0 } => "client-key",
            _ => cluster.CertificateAuthority is { Length: > 0 } ? "certificate-authority" : null,
        };
        return forbidden is null ? null
            : $"its field {forbidden} has this machine run a program or read a file. Use token, client-certificate-data, client-key-data and certificate-authority-data";
    }
}
