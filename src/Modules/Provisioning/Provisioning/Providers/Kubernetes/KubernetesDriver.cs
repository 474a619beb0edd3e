using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>
/// Keeps one object in a cluster as its manifest says, by server-side apply. The name is ours and applying is idempotent, so a lost answer
/// is no question: the next look tells.
/// </summary>
internal sealed partial class KubernetesDriver(ClusterSessions sessions, ObjectReferences references) : IProviderDriver
{
    private static readonly Dictionary<string, string> Nothing = [];

    public string Provider => "kubernetes";

    /// <summary>What is near is looked at often.</summary>
    public TimeSpan PollEvery => TimeSpan.FromMinutes(1);

    public IReadOnlyList<KindDefinition> Kinds => KubernetesKinds.Managed;

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        if (WantedOf(resource).Target is not { } wanted)
        {
            // Nothing was made of it either; the creation says why.
            return new Absent();
        }

        var (client, problem) = await sessions.OpenAsync(resource, ct);
        if (client is null)
        {
            return new Unobservable(problem!);
        }

        try
        {
            var target = MadeOf(resource) ?? wanted;
            if (await client.FindKindAsync(target.ApiVersion, target.Kind, ct) is not { } kind || await client.GetAsync(kind, target, ct) is not { } live)
            {
                return new Absent();
            }

            return await CompareAsync(client, kind, resource, wanted, target, live, ct);
        }
        catch (ClusterException e)
        {
            return new Unobservable(Scrub(resource, e.Message));
        }
    }

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) => ApplyAsync(resource, ct);

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => ApplyAsync(resource, ct);

    public async Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct)
    {
        if ((MadeOf(resource) ?? WantedOf(resource).Target) is not { } target)
        {
            return Done.Plain;
        }

        var (client, problem) = await sessions.OpenAsync(resource, ct);
        if (client is null)
        {
            return new Failed(problem!);
        }

        try
        {
            var kind = await client.FindKindAsync(target.ApiVersion, target.Kind, ct);
            var left = kind is null ? null : await client.DeleteAsync(kind, target, ct);
            return left is not null && left.IsDeleting() && left.Finalizers() is { Count: > 0 } held
                ? new Waiting($"{target} is being deleted, and is held by the finalizers {string.Join(", ", held)}")
                : Done.Plain;
        }
        catch (ClusterException e)
        {
            return e.ToOutcome(Scrub(resource, e.Message));
        }
    }

    /// <summary>What the manifest names; a name and a namespace that it leaves out are the Object's own.</summary>
    internal static (ClusterObject? Target, string? Problem) WantedOf(ManagedResource resource)
    {
        var manifest = resource.ForProvider["manifest"] as JsonObject ?? [];
        var (apiVersion, kind) = (manifest.Text("apiVersion"), manifest.Text("kind"));
        if (kind.Length == 0 || !GroupAndVersion().IsMatch(apiVersion))
        {
            return (null, "spec.forProvider.manifest needs an apiVersion and a kind");
        }

        var (name, ns) = (manifest["metadata"].Text("name"), manifest["metadata"].Text("namespace"));
        var target = new ClusterObject(
            apiVersion, kind, ns.Length > 0 ? ns : resource.Key.Namespace.Length > 0 ? resource.Key.Namespace : "default", name.Length > 0 ? name : resource.ExternalName);
        return ClusterClient.IsSegment(target.Name) && ClusterClient.IsSegment(target.Namespace)
            ? (target, null)
            : (null, $"spec.forProvider.manifest names {target}, which no object can be called");
    }

    /// <summary>What was made already, as the status mirrors it; null while nothing was.</summary>
    private static ClusterObject? MadeOf(ManagedResource resource) =>
        resource.Document.At("status", "atProvider", "manifest") is JsonObject made && made.NameOf().Length > 0
            ? new ClusterObject(made.Text("apiVersion"), made.Text("kind"), made.NamespaceOf(), made.NameOf())
            : null;

    private async Task<Observation> CompareAsync(
        ClusterClient client, ClusterKind kind, ManagedResource resource, ClusterObject wanted, ClusterObject target, JsonObject live, CancellationToken ct)
    {
        var (connection, unconnected) = await ConnectionAsync(client, resource, ct);
        var seen = new Present(
            null, ObjectReadiness.WhyNot(resource.Document.At("spec", "readiness"), live) ?? unconnected, new JsonObject { ["manifest"] = ManifestDrift.Mirror(live) }, connection);
        if (live.IsDeleting())
        {
            return seen with { NotReady = $"{target} is being deleted in the cluster" };
        }

        if (!IsSame(kind, wanted, target))
        {
            return seen with { Unfixable = $"spec.forProvider.manifest names {wanted}, and {target} was made of it; make another Object for it" };
        }

        var policy = ManagementPolicy.Of(resource.Document);
        var (manifest, missing) = await ManifestAsync(kind, resource, wanted, ct);
        if (policy.OnlyObserves || missing is not null || resource.Document.IsDeleting())
        {
            return seen;
        }

        try
        {
            var drift = ManifestDrift.Between(live, await client.ApplyAsync(kind, target, manifest, dryRun: true, ct));
            return seen with { Drift = drift, Difference = drift.Count > 0 ? ManifestDrift.Text(drift) : null };
        }
        catch (ClusterException e) when (e.IsTerminal)
        {
            return seen with { Unfixable = $"the cluster refuses the manifest: {Scrub(resource, e.Message)}" };
        }
    }

    /// <summary>The version may differ: what is in one is in the others.</summary>
    private static bool IsSame(ClusterKind kind, ClusterObject wanted, ClusterObject made) =>
        GroupOf(wanted.ApiVersion) == GroupOf(made.ApiVersion) && wanted.Kind == made.Kind && wanted.Name == made.Name && (!kind.Namespaced || wanted.Namespace == made.Namespace);

    private static string GroupOf(string apiVersion) => apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion.Split('/')[0] : "";

    private async Task<DriverOutcome> ApplyAsync(ManagedResource resource, CancellationToken ct)
    {
        var (target, invalid) = WantedOf(resource);
        if (target is null)
        {
            return new Failed(invalid!) { Terminal = true };
        }

        var (client, problem) = await sessions.OpenAsync(resource, ct);
        if (client is null)
        {
            return new Failed(problem!);
        }

        try
        {
            if (await client.FindKindAsync(target.ApiVersion, target.Kind, ct) is not { } kind)
            {
                return new Waiting($"The cluster does not serve {target.ApiVersion} {target.Kind}");
            }

            var (manifest, missing) = await ManifestAsync(kind, resource, target, ct);
            if (missing is not null)
            {
                return new Waiting(missing);
            }

            await client.ApplyAsync(kind, target, manifest, dryRun: false, ct);
            return Done.Plain;
        }
        catch (ClusterException e)
        {
            return e.ToOutcome(Scrub(resource, e.Message));
        }
    }

    private async Task<(JsonObject Manifest, string? Missing)> ManifestAsync(ClusterKind kind, ManagedResource resource, ClusterObject target, CancellationToken ct)
    {
        var (manifest, missing) = await references.ResolveAsync(resource, resource.ForProvider["manifest"]!.AsObject(), ct);
        manifest["apiVersion"] = target.ApiVersion;
        manifest["kind"] = target.Kind;
        // What the server keeps, as people copy it from what they see: applying it would be refused, or own it.
        manifest.Remove("status");
        var metadata = manifest.Metadata();
        foreach (var member in (string[])["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink", "generateName", "namespace"])
        {
            metadata.Remove(member);
        }

        metadata["name"] = target.Name;
        if (kind.Namespaced)
        {
            metadata["namespace"] = target.Namespace;
        }

        return (manifest, missing);
    }

    private static async Task<(Dictionary<string, string> Values, string? Missing)> ConnectionAsync(ClusterClient client, ManagedResource resource, CancellationToken ct)
    {
        if (resource.Document.At("spec", "connectionDetails") is not JsonArray { Count: > 0 } details)
        {
            return (Nothing, null);
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        string? missing = null;
        var seen = new Dictionary<ClusterObject, JsonObject?>();
        foreach (var detail in details)
        {
            var source = new ClusterObject(detail.Text("apiVersion") is { Length: > 0 } v ? v : "v1", detail.Text("kind"), detail.Text("namespace"), detail.Text("name"));
            if (!seen.TryGetValue(source, out var found))
            {
                var kind = !GroupAndVersion().IsMatch(source.ApiVersion) ? null : await client.FindKindAsync(source.ApiVersion, source.Kind, ct);
                seen[source] = found = kind is null ? null : await client.GetAsync(kind, source, ct);
            }

            var path = detail.Text("fieldPath");
            if (found is null || !Paved.TryGet(found, path, out var value) || value is null)
            {
                missing ??= $"the connection detail {path} of {source} is not there yet";
                continue;
            }

            var isEncoded = ManifestDrift.IsSecret(found) && path.StartsWith("data", StringComparison.Ordinal);
            values[detail.Text("toConnectionSecretKey")] = isEncoded ? Encoding.UTF8.GetString(Convert.FromBase64String(value.ToString())) : value.ToString();
        }

        return (values, missing);
    }

    /// <summary>A cluster may repeat in its message what it was given: of a secret that is no one's to read.</summary>
    private static string Scrub(ManagedResource resource, string text)
    {
        var manifest = resource.ForProvider["manifest"] as JsonObject ?? [];
        if (!ManifestDrift.IsSecret(manifest))
        {
            return text;
        }

        var values = new[] { manifest["data"], manifest["stringData"] }.OfType<JsonObject>().SelectMany(m => m).Select(m => m.Value?.ToString() ?? "").Where(v => v.Length > 0);
        return values.Aggregate(text, (t, value) => t.Replace(value, "***", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^([a-z0-9][a-z0-9.-]*/)?[a-z0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex GroupAndVersion();
}
