using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.Workflows.Tests.Processes;

/// <summary>A service of the catalog with a namespace, as its golden path would leave it, and a team that owns it.</summary>
internal sealed class ServiceToRetire : IDisposable
{
    private readonly HttpClient kubernetes;

    private ServiceToRetire(HttpClient kubernetes, string name) => (this.kubernetes, Name) = (kubernetes, name);

    public string Name { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Held => $"/api/v1/namespaces/{Name}/configmaps/settings";

    /// <param name="members">Of its team.</param>
    public static async Task<ServiceToRetire> CreateAsync(RunningHost host, params string[] members)
    {
        var service = new ServiceToRetire(host.KubernetesClient(), $"svc-{Guid.NewGuid():N}"[..20]);
        var name = service.Name;
        await service.PostAsync("/apis/backstage.io/v1alpha1/namespaces/default/groups", "backstage.io/v1alpha1", "Group", $"team-{name}", null,
            new JsonObject { ["type"] = "team", ["children"] = new JsonArray(), ["members"] = new JsonArray([.. members.Select(m => (JsonNode)m)]) });
        await service.PostAsync("/api/v1/namespaces", "v1", "Namespace", name, new JsonObject { ["flagstone.dev/service"] = name }, null);
        await service.PostAsync("/apis/backstage.io/v1alpha1/namespaces/default/components", "backstage.io/v1alpha1", "Component", name, null,
            new JsonObject { ["type"] = "service", ["lifecycle"] = "production", ["owner"] = $"group:default/team-{name}" });
        await service.PostAsync($"/api/v1/namespaces/{name}/configmaps", "v1", "ConfigMap", "settings", null, null, "example.com/held");
        return service;
    }

    public async Task<bool> HasNamespaceAsync() => (await kubernetes.GetAsync(new Uri($"/api/v1/namespaces/{Name}", UriKind.Relative), Ct)).IsSuccessStatusCode;

    public async Task<bool> HasEntityAsync() =>
        (await kubernetes.GetAsync(new Uri($"/apis/backstage.io/v1alpha1/namespaces/default/components/{Name}", UriKind.Relative), Ct)).IsSuccessStatusCode;

    /// <summary>Lets go what keeps its namespace from going.</summary>
    public async Task ReleaseAsync()
    {
        using var patch = new StringContent("""{"metadata":{"finalizers":null}}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/merge-patch+json"));
        using var answer = await kubernetes.PatchAsync(new Uri(Held, UriKind.Relative), patch, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    public void Dispose() => kubernetes.Dispose();

    private async Task PostAsync(string path, string apiVersion, string kind, string name, JsonObject? labels, JsonObject? spec, string? finalizer = null)
    {
        var document = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name } };
        if (labels is not null)
        {
            document["metadata"]!["labels"] = labels;
        }

        if (finalizer is not null)
        {
            document["metadata"]!["finalizers"] = new JsonArray(finalizer);
        }

        if (spec is not null)
        {
            document["spec"] = spec;
        }

        using var answer = await kubernetes.PostAsJsonAsync(path, document, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }
}
