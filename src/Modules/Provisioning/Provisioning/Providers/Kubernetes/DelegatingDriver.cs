using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;
using k8s;
using k8s.Exceptions;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>
/// Has a Crossplane in a cluster make a managed resource: the resource itself is applied there, and its conditions, what it is at its
/// provider and its connection secret come back. It is asked for kinds that no other driver makes, and lists none.
/// </summary>
internal sealed class DelegatingDriver(ClusterClient client) : IProviderDriver, IDisposable
{
    public string Provider => "crossplane";

    public IReadOnlyList<KindDefinition> Kinds => [];

    /// <exception cref="InvalidOperationException">The kubeconfig cannot be read, or there is no cluster around us.</exception>
    public static KubernetesConnection Open(KubernetesOptions options)
    {
        try
        {
            return new KubernetesConnection(options.Kubeconfig.Length > 0
                ? KubernetesClientConfiguration.BuildConfigFromConfigFile(options.Kubeconfig)
                : KubernetesClientConfiguration.InClusterConfig());
        }
        catch (Exception e) when (e is KubeConfigException or IOException or UnauthorizedAccessException or YamlDotNet.Core.YamlException)
        {
            throw new InvalidOperationException(options.Kubeconfig.Length > 0
                ? $"Flagstone__Provisioning__Kubernetes__Kubeconfig names '{options.Kubeconfig}', which cannot be read as a kubeconfig."
                : "Flagstone__Provisioning__Kubernetes__Delegate is true, and the platform does not run in a cluster. Set Flagstone__Provisioning__Kubernetes__Kubeconfig.");
        }
    }

    public void Dispose() => client.Dispose();

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        var target = TargetOf(resource);
        try
        {
            if (await client.FindKindAsync(target.ApiVersion, target.Kind, ct) is not { } kind || await client.GetAsync(kind, target, ct) is not { } live)
            {
                return new Absent();
            }

            var present = new Present(null, WhyNotReady(live), live.At("status", "atProvider")?.DeepClone() as JsonObject ?? [], await ConnectionAsync(live, ct))
            {
                Failing = live.FindCondition("Synced") is { Status: "False" } failing ? $"Crossplane says: {Said(failing)}" : null,
            };
            if (live.IsDeleting() || resource.Document.IsDeleting())
            {
                return present;
            }

            var drift = ManifestDrift.Between(live, await client.ApplyAsync(kind, target, ManifestOf(resource), dryRun: true, ct))
                .Select(d => d with { Path = d.Path.StartsWith("forProvider.manifest.spec.", StringComparison.Ordinal) ? d.Path["forProvider.manifest.spec.".Length..] : d.Path }).ToList();
            return present with { Drift = drift, Difference = drift.Count > 0 ? ManifestDrift.Text(drift) : null };
        }
        catch (ClusterException e)
        {
            return new Unobservable(e.Message);
        }
    }

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) => ApplyAsync(resource, ct);

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => ApplyAsync(resource, ct);

    public async Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct)
    {
        var target = TargetOf(resource);
        try
        {
            var kind = await client.FindKindAsync(target.ApiVersion, target.Kind, ct);
            var left = kind is null ? null : await client.DeleteAsync(kind, target, ct);
            return left is not null && left.IsDeleting() ? new Waiting("Crossplane is deleting it") : Done.Plain;
        }
        catch (ClusterException e)
        {
            return e.ToOutcome(e.Message);
        }
    }

    internal static JsonObject ManifestOf(ManagedResource resource)
    {
        var document = resource.Document;
        var metadata = new JsonObject { ["name"] = resource.Key.Name };
        if (resource.Key.Namespace.Length > 0)
        {
            metadata["namespace"] = resource.Key.Namespace;
        }

        if (document.Metadata()["labels"] is JsonObject { Count: > 0 } labels)
        {
            metadata["labels"] = labels.DeepClone();
        }

        // An external name that is only our default would be taken there for one that a person gave.
        if (resource.ExternalName.Length > 0 && resource.ExternalName != resource.Key.Name)
        {
            metadata["annotations"] = new JsonObject { [Names.ExternalNameAnnotation] = resource.ExternalName };
        }

        return new JsonObject
        {
            ["apiVersion"] = resource.Kind.ApiVersion,
            ["kind"] = resource.Kind.Kind,
            ["metadata"] = metadata,
            ["spec"] = document["spec"]?.DeepClone() ?? new JsonObject(),
        };
    }

    private static ClusterObject TargetOf(ManagedResource resource) => new(resource.Kind.ApiVersion, resource.Kind.Kind, resource.Key.Namespace, resource.Key.Name);

    private async Task<DriverOutcome> ApplyAsync(ManagedResource resource, CancellationToken ct)
    {
        var target = TargetOf(resource);
        try
        {
            if (await client.FindKindAsync(target.ApiVersion, target.Kind, ct) is not { } kind)
            {
                return new Waiting($"Crossplane's cluster does not serve {target.ApiVersion} {target.Kind}: no provider for it is installed there");
            }

            await client.ApplyAsync(kind, target, ManifestOf(resource), dryRun: false, ct);
            return Done.Plain;
        }
        catch (ClusterException e)
        {
            return e.ToOutcome(e.Message);
        }
    }

    private async Task<Dictionary<string, string>> ConnectionAsync(JsonObject live, CancellationToken ct)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var reference = live.At("spec", "writeConnectionSecretToRef");
        if (reference.Text("name").Length == 0 || await client.FindKindAsync("v1", "Secret", ct) is not { } kind)
        {
            return values;
        }

        var target = new ClusterObject("v1", "Secret", reference.Text("namespace") is { Length: > 0 } ns ? ns : live.NamespaceOf(), reference.Text("name"));
        var secret = await client.GetAsync(kind, target, ct);
        // Another's secret of that name is not this resource's to hand on.
        if (secret?.OwnerUid() == live.UidOf())
        {
            foreach (var (key, value) in secret["data"] as JsonObject ?? [])
            {
                values[key] = Encoding.UTF8.GetString(Convert.FromBase64String(value?.ToString() ?? ""));
            }
        }

        return values;
    }

    private static string? WhyNotReady(JsonObject live) => live.FindCondition("Ready") switch
    {
        { Status: "True" } => null,
        { } condition => $"Crossplane says: {Said(condition)}",
        null => "Crossplane has not looked at it yet",
    };

    private static string Said(Condition condition) => condition.Message.Length > 0 ? $"{condition.Reason}: {condition.Message}" : condition.Reason;
}
