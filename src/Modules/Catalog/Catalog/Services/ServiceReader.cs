using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Runs;
using Flagstone.Catalog.Sources;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Services;

/// <summary>Reads what is observed of a service from the store: its claims, its Deployment, its source.</summary>
internal sealed class ServiceReader(ResourceStore store, KindRegistry kinds)
{
    public const string NamespaceAnnotation = "backstage.io/kubernetes-namespace";

    private const int MaxClaims = 50;
    public static readonly KindId Deployments = new("deployments", "apps");

    /// <summary>The namespace in which a service runs: that of its name unless it says otherwise.</summary>
    public static string NamespaceOf(JsonObject component) =>
        component.Annotation(NamespaceAnnotation) is { Length: > 0 } ns ? ns : component.NameOf();

    public async Task<ServiceObservation> ObserveAsync(JsonObject component, CancellationToken ct)
    {
        var ns = NamespaceOf(component);
        var deployment = await store.FindAsync(new ResourceKey(Deployments, ns, component.NameOf()), ct);
        var source = await store.FindAsync(GitKinds.SourceKey(component.NameOf() + ServiceNameRules.GitopsSuffix), ct);
        var synced = source?.ToDocument().FindCondition(SourceStatus.Synced);
        return new ServiceObservation(
            component["spec"].Text("lifecycle"),
            component.IsDeleting(),
            Enum.TryParse<ServicePhase>(component["status"].Text("phase"), out var before) ? before : null,
            [.. (await ClaimsAsync(ns, ct)).Select(ObserveClaim)],
            deployment is null ? null : ObserveDeployment(deployment.ToDocument()),
            synced is { Status: "False" } ? synced.Message : "");
    }

    /// <summary>What was asked for in a service's namespace: claims, and composites that lie there.</summary>
    public async Task<IReadOnlyList<JsonObject>> ClaimsAsync(string ns, CancellationToken ct)
    {
        var claims = new List<JsonObject>();
        foreach (var kind in kinds.All.Where(k => k.AskedFor).OrderBy(k => k.Id.ToString(), StringComparer.Ordinal))
        {
            claims.AddRange((await store.ListAsync(new ListQuery(kind.Id, ns, Limit: MaxClaims), ct)).Items.Select(i => i.ToDocument()).Where(kind.IsAskedFor));
        }

        return claims;
    }

    public static ClaimObservation ObserveClaim(JsonObject claim)
    {
        var ready = claim.FindCondition("Ready");
        var synced = claim.FindCondition("Synced");
        var message = synced is { Status: "False", Message.Length: > 0 } ? synced.Message : ready?.Message ?? "";
        return new ClaimObservation(claim.Text("kind"), claim.NameOf(), ready?.Status == "True", message);
    }

    public static DeploymentObservation ObserveDeployment(JsonObject deployment)
    {
        var available = deployment.FindCondition("Available");
        var progressing = deployment.FindCondition("Progressing");
        var wanted = deployment.Annotation("flagstone.dev/source").Split('@') is [_, var commit] ? commit : "";
        return new DeploymentObservation(
            Number(deployment.At("spec", "replicas"), 1),
            Number(deployment.At("status", "readyReplicas"), 0),
            available?.Status == "True",
            RolloutOf(deployment, progressing),
            progressing is { Status: "False" } ? progressing.Message : available is { Status: "False" } ? available.Message : "",
            wanted,
            AnsweringOf(deployment));
    }

    /// <summary>The commit that answers requests now; empty while none does.</summary>
    public static string AnsweringOf(JsonObject deployment) => deployment.At("status", "process").Text("commit");

    private static Rollout RolloutOf(JsonObject deployment, Condition? progressing)
    {
        if (Number(deployment.At("status", "observedGeneration"), 0) < deployment.GenerationOf() || progressing is null)
        {
            return Rollout.Underway;
        }

        return progressing.Status == "False" ? Rollout.Failed
            : progressing.Reason == "NewReplicaSetAvailable" ? Rollout.Complete
            : Rollout.Underway;
    }

    private static long Number(JsonNode? node, long fallback) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        && long.TryParse(value.ToJsonString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            ? number
            : fallback;
}
