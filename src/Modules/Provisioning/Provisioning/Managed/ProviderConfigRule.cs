using System.Text.Json.Nodes;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Managed;

/// <summary>Keeps a ProviderConfig from being deleted while something is made by it, which could then be neither looked at nor taken away.</summary>
internal sealed class ProviderConfigRule(ResourceStore store, KindRegistry kinds) : IAdmissionRule
{
    private const string Default = "default";
    private const int Page = 500;

    /// <summary>So many are named in a refusal.</summary>
    private const int Named = 5;

    public string Name => "provider-config";

    public async ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct)
    {
        if (request.Verb != "delete" || request.Kind.Id.Plural is not ("providerconfigs" or "clusterproviderconfigs"))
        {
            return AdmissionVerdict.Allowed;
        }

        var users = new List<string>();
        foreach (var kind in kinds.All.Where(k => IsOf(k, request.Kind.Id.Group)))
        {
            users.AddRange(await UsersAsync(kind, request.Kind.Kind, request.Key, ct));
        }

        return users.Count == 0 ? AdmissionVerdict.Allowed : AdmissionVerdict.Deny(
            $"{users.Count} resources are made by it: {string.Join("; ", users.Take(Named))}{(users.Count > Named ? $"; and {users.Count - Named} more" : "")}. Delete them first, or let them name another.");
    }

    /// <summary>Kinds of AWS' services have groups below that of the config.</summary>
    private static bool IsOf(KindDefinition kind, string group) => kind.Id.Group == group || kind.Id.Group.EndsWith($".{group}", StringComparison.Ordinal);

    private async Task<List<string>> UsersAsync(KindDefinition kind, string config, ResourceKey key, CancellationToken ct)
    {
        var users = new List<string>();
        (string, string)? after = null;
        ListPage page;
        do
        {
            page = await store.ListAsync(new ListQuery(kind.Id, key.Namespace.Length > 0 ? key.Namespace : null, Limit: Page, After: after), ct);
            users.AddRange(page.Items.Where(i => Uses(i.ToDocument(), config, key.Name)).Select(i => $"{kind.Kind} '{i.Key.Display}'"));
            after = page.Items is [.., var last] ? (last.Key.Namespace, last.Key.Name) : null;
        }
        while (page.More);
        return users;
    }

    /// <summary>What names none is made by <c>default</c>, unless it was made before there was one.</summary>
    private static bool Uses(JsonObject resource, string config, string name)
    {
        var reference = resource.At("spec", "providerConfigRef");
        var place = resource.Annotation(Claims.Names.PlaceAnnotation);
        return reference.Text("name") is { Length: > 0 } named && named != Default
            ? named == name && (reference.Text("kind") is not { Length: > 0 } kind || kind == config)
            : name == Default && (place == Default || place.StartsWith($"{Default} at ", StringComparison.Ordinal) || (place.Length == 0 && reference.Text("name") == Default));
    }
}
