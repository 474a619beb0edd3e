using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Kubernetes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>What the pages read of what was asked for, claims and composites that lie in a namespace: bounded, and only what the caller may.</summary>
internal sealed class ClaimReader(ResourceStore store, KindRegistry kinds, TransientResources transients)
{
    /// <summary>A page filters and sorts this many of a kind in memory; it says when there are more.</summary>
    private const int MaxRows = 2_000;

    /// <summary>A composite may compose composites; deeper than this is a loop.</summary>
    private const int MaxDepth = 5;

    private const int MaxEvents = 1_000;

    private static readonly KindId Secrets = new("secrets", "");
    private static readonly KindId Events = new("events", "");

    public IReadOnlyList<KindDefinition> Kinds => [.. kinds.All.Where(k => k.AskedFor).OrderBy(k => k.Kind, StringComparer.Ordinal)];

    public KindDefinition? Kind(KindId id) => kinds.Find(id) is { AskedFor: true } kind ? kind : null;

    public KindDefinition? Definition(string apiVersion, string kind) => kinds.TryFind(apiVersion, kind, out var found) ? found : null;

    /// <summary>All claims, and whether there are more of some kind.</summary>
    public async Task<(IReadOnlyList<ClaimRow> Rows, bool More)> ListAsync(Caller caller, CancellationToken ct)
    {
        var simulated = await SimulatedAsync(ct);
        var spaces = await NamespacesAsync(ct);
        var (rows, more) = (new List<ClaimRow>(), false);
        foreach (var kind in Kinds.Where(k => AccessRules.Refuse(caller, "list", k, "") is null))
        {
            var page = await store.ListAsync(new ListQuery(kind.Id, Limit: MaxRows), ct);
            rows.AddRange(page.Items.Select(i => i.ToDocument()).Where(kind.IsAskedFor).Select(d => Row(kind, d)));
            more |= page.More;
        }

        return (rows, more);

        ClaimRow Row(KindDefinition kind, JsonObject claim)
        {
            var space = spaces.GetValueOrDefault(claim.NamespaceOf()) ?? [];
            return ClaimRow.Of(kind, claim, simulated.Contains((kind.IsComposite(), claim.NamespaceOf(), claim.NameOf()))) with
            {
                Team = Charged(space, claim, Attribution.Team), Service = Charged(space, claim, Attribution.Service),
            };
        }
    }

    /// <summary>True for kinds of which a change may change what claims cost.</summary>
    public bool Prices(KindId id) => kinds.Find(id) is { } kind && (kind.AskedFor || kind.Categories.Contains(Managed.ManagedKinds.Category));

    /// <summary>The claims that a caller may see, of all kinds.</summary>
    public async Task<IReadOnlyList<(KindDefinition Kind, JsonObject Claim)>> AllAsync(Caller caller, CancellationToken ct)
    {
        var all = new List<(KindDefinition, JsonObject)>();
        foreach (var kind in Kinds.Where(k => AccessRules.Refuse(caller, "list", k, "") is null))
        {
            all.AddRange((await store.ListAsync(new ListQuery(kind.Id, Limit: MaxRows), ct)).Items.Select(i => i.ToDocument()).Where(kind.IsAskedFor).Select(d => (kind, d)));
        }

        return all;
    }

    public async Task<JsonObject?> FindAsync(Caller caller, KindDefinition kind, string ns, string name, CancellationToken ct) =>
        AccessRules.Refuse(caller, "get", kind, ns) is null ? (await store.FindAsync(kind.Key(ns, name), ct))?.ToDocument() : null;

    /// <summary>The claim with what it has become: its composite, and what that one composes.</summary>
    public Task<ClaimNode> TreeAsync(KindDefinition kind, JsonObject claim, CancellationToken ct) =>
        NodeAsync(kind.Kind, kind.ApiVersion, claim.NameOf(), claim.NamespaceOf(), claim, 0, ct);

    /// <summary>Whether a Secret of this name is there. Its values are not looked at.</summary>
    public async Task<bool> SecretExistsAsync(string ns, string name, CancellationToken ct) =>
        name.Length > 0 && await store.FindAsync(new ResourceKey(Secrets, ns, name), ct) is not null;

    /// <summary>What happened to any of these resources, newest first.</summary>
    public async Task<IReadOnlyList<JsonObject>> EventsAsync(IReadOnlySet<string> uids, CancellationToken ct)
    {
        var all = await transients.ListAsync(kinds.Find(Events)!, null, 0, MaxEvents, ct);
        return [.. all.Select(e => e.ToDocument()).Where(e => uids.Contains(e["involvedObject"].Text("uid"))).Reverse()];
    }

    private async Task<ClaimNode> NodeAsync(string kind, string apiVersion, string name, string ns, JsonObject? document, int depth, CancellationToken ct)
    {
        var children = new List<ClaimNode>();
        if (document is not null && depth < MaxDepth)
        {
            foreach (var reference in References(document))
            {
                var (childKind, childVersion, childName) = (reference.Text("kind"), reference.Text("apiVersion"), reference.Text("name"));
                var childNamespace = reference.Text("namespace") is { Length: > 0 } own ? own : ns;
                var child = childName.Length > 0 && kinds.TryFind(childVersion, childKind, out var definition)
                    ? (await store.FindAsync(definition.Key(childNamespace, childName), ct))?.ToDocument()
                    : null;
                child = document["spec"].At("resourceRef") is not null && child?.At("spec", "claimRef") is { } owner && !IsOf(owner, name, ns) ? null : child;
                children.Add(await NodeAsync(childKind, childVersion, childName, childNamespace, child, depth + 1, ct));
            }
        }

        // What a claim makes lies in the cluster as a rule, whatever the claim's namespace.
        return new ClaimNode(kind, apiVersion, name, document?.NamespaceOf() ?? ns, document, children);
    }

    private async Task<Dictionary<string, JsonObject>> NamespacesAsync(CancellationToken ct) =>
        (await store.ListAsync(new ListQuery(NamespaceView.Kind, Limit: MaxRows), ct)).Items.ToDictionary(i => i.Key.Name, i => i.ToDocument(), StringComparer.Ordinal);

    /// <summary>As <see cref="Attribution"/> has it: the namespace before the claim.</summary>
    private static string Charged(JsonObject space, JsonObject claim, string label) => space.Label(label) is { Length: > 0 } own ? own : claim.Label(label);

    /// <summary>A claim may name any composite; only its own is shown with it.</summary>
    private static bool IsOf(JsonNode claimRef, string name, string ns) => claimRef.Text("name") == name && claimRef.Text("namespace") == ns;

    private static IEnumerable<JsonObject> References(JsonObject document)
    {
        var spec = document["spec"];
        if (spec.At("resourceRef") is JsonObject one)
        {
            yield return one;
        }

        // Crossplane 2 keeps the machinery's fields under spec.crossplane.
        var list = spec.At("resourceRefs") as JsonArray ?? spec.At("crossplane", "resourceRefs") as JsonArray ?? [];
        foreach (var reference in list.OfType<JsonObject>())
        {
            yield return reference;
        }
    }

    /// <summary>The claims, and the composites in a namespace, under which something simulated stands, by the labels that composed resources carry.</summary>
    private async Task<HashSet<(bool Composite, string Namespace, string Name)>> SimulatedAsync(CancellationToken ct)
    {
        var found = new HashSet<(bool, string, string)>();
        foreach (var kind in kinds.All.Where(k => k.Categories.Contains(Managed.ManagedKinds.Category)))
        {
            foreach (var item in (await store.ListAsync(new ListQuery(kind.Id, Limit: MaxRows), ct)).Items)
            {
                var document = item.ToDocument();
                if (document["status"].At("simulated") is JsonValue v && v.TryGetValue<bool>(out var simulated) && simulated)
                {
                    found.Add((false, document.Label(Names.ClaimNamespaceLabel), document.Label(Names.ClaimNameLabel)));
                    found.Add((true, document.NamespaceOf(), document.Label(Names.CompositeLabel)));
                }
            }
        }

        return found;
    }
}
