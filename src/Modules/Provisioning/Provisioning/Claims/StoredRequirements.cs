using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>What functions require, from the store.</summary>
internal sealed class StoredRequirements(ResourceStore store, KindRegistry kinds, ConnectionSecrets secrets) : IRequiredResources
{
    /// <summary>More than a function can make sense of; a selector that matches them is too wide.</summary>
    private const int MaxMatches = 500;

    public async Task<IReadOnlyList<JsonObject>> FindAsync(ResourceSelector selector, CancellationToken ct)
    {
        if (!kinds.TryFind(selector.ApiVersion, selector.Kind, out var kind))
        {
            return [];
        }

        if (selector.Name is { } name)
        {
            return await store.FindAsync(kind.Key(selector.Namespace ?? "", name), ct) is { } found ? [found.ToDocument()] : [];
        }

        var query = new ListQuery(kind.Id, selector.Namespace, Selector(selector.Labels ?? new Dictionary<string, string>()), Limit: MaxMatches);
        var page = await store.ListAsync(query, ct);
        return page.More
            ? throw new FatalResultException($"more than {MaxMatches} resources of kind {selector.Kind} match; select fewer by labels")
            : [.. page.Items.Select(i => i.ToDocument())];
    }

    public async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> CredentialsAsync(JsonArray credentials, CancellationToken ct)
    {
        var result = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var credential in credentials.OfType<JsonObject>().Where(c => c.Text("source") == "Secret"))
        {
            var reference = credential["secretRef"];
            var values = await secrets.ReadAsync(reference.Text("namespace"), reference.Text("name"), ct);
            result[credential.Text("name")] = values.Count > 0 ? values
                : throw new FatalResultException($"cannot get credentials from secret {reference.Text("namespace")}/{reference.Text("name")}: it is not there, or empty");
        }

        return result;
    }

    private static LabelSelector? Selector(IReadOnlyDictionary<string, string> labels) =>
        labels.Count == 0 ? null : LabelSelector.Equal(labels);
}
