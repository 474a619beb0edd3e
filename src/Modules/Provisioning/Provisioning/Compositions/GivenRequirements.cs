using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions;

/// <summary>What functions require, from documents at hand: of a test, or of files when rendering offline.</summary>
internal sealed class GivenRequirements(IEnumerable<JsonObject> documents, IEnumerable<JsonObject>? secrets = null) : IRequiredResources
{
    private readonly List<JsonObject> all = [.. documents];
    private readonly List<JsonObject> credentials = [.. secrets ?? []];

    public Task<IReadOnlyList<JsonObject>> FindAsync(ResourceSelector selector, CancellationToken ct) => Task.FromResult<IReadOnlyList<JsonObject>>(
    [
        .. all.Where(d => GroupOf(d.Text("apiVersion")) == GroupOf(selector.ApiVersion) && d.Text("kind") == selector.Kind
            && (selector.Name is null || d.NameOf() == selector.Name) && (selector.Namespace is null || d.NamespaceOf() == selector.Namespace)
            && (selector.Labels ?? new Dictionary<string, string>()).All(l => d.Label(l.Key) == l.Value))
            .OrderBy(d => d.NameOf(), StringComparer.Ordinal).Select(d => (JsonObject)d.DeepClone()),
    ]);

    public Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> CredentialsAsync(JsonArray wanted, CancellationToken ct)
    {
        var result = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var credential in wanted.OfType<JsonObject>().Where(c => c.Text("source") == "Secret"))
        {
            var reference = credential["secretRef"];
            var secret = credentials.Find(s => s.NameOf() == reference.Text("name") && s.NamespaceOf() == reference.Text("namespace"))
                ?? throw new FatalResultException($"cannot get credentials from secret {reference.Text("namespace")}/{reference.Text("name")}: it is not given");
            result[credential.Text("name")] = (secret["data"] as JsonObject ?? []).ToDictionary(
                d => d.Key, d => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(d.Value?.ToString() ?? "")), StringComparer.Ordinal);
        }

        return Task.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(result);
    }

    private static string GroupOf(string apiVersion) => apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion.Split('/')[0] : "";
}
