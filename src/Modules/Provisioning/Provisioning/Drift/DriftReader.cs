using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Drift;

/// <summary>All that drifted, of what a caller may see.</summary>
internal sealed class DriftReader(ResourceStore store, KindRegistry kinds, ClaimReader claims)
{
    /// <summary>A composite may compose composites; deeper than this is a loop.</summary>
    private const int MaxDepth = 5;

    /// <summary>So many of a kind are looked at; the page says when there are more.</summary>
    private const int MaxRows = 2_000;

    public bool Concerns(KindId id) => kinds.Find(id)?.Categories.Contains(ManagedKinds.Category) == true;

    /// <summary>What is open first, then what was seen last; and whether there is more.</summary>
    public async Task<(IReadOnlyList<DriftRow> Rows, bool More)> ListAsync(Caller caller, CancellationToken ct)
    {
        var (rows, more) = (new List<DriftRow>(), false);
        foreach (var kind in kinds.All.Where(k => k.Categories.Contains(ManagedKinds.Category) && AccessRules.Refuse(caller, "list", k, "") is null))
        {
            var page = await store.ListAsync(new ListQuery(kind.Id, Limit: MaxRows), ct);
            more |= page.More;
            foreach (var document in page.Items.Select(i => i.ToDocument()))
            {
                if (DriftRules.Of(kind, document) is { } drifted)
                {
                    rows.Add(new DriftRow(drifted, await ClaimOfAsync(caller, document, ct)));
                }
            }
        }

        return ([.. rows.OrderByDescending(r => r.IsOpen).ThenByDescending(r => r.Resource.Seen, StringComparer.Ordinal).ThenBy(r => r.Resource.Name, StringComparer.Ordinal)], more);
    }

    /// <summary>
    /// The labels name the claim without its kind: it is the one whose composite this resource is of. Where there is none it is the first composite
    /// upwards that somebody asked for.
    /// </summary>
    private async Task<ClaimRow?> ClaimOfAsync(Caller caller, JsonObject document, CancellationToken ct)
    {
        var (ns, name) = (document.Label(Names.ClaimNamespaceLabel), document.Label(Names.ClaimNameLabel));
        foreach (var kind in name.Length > 0 ? claims.Kinds.Where(k => k.IsClaim()) : [])
        {
            if (await claims.FindAsync(caller, kind, ns, name, ct) is { } claim && claim.At("spec", "resourceRef").Text("name") == document.Label(Names.CompositeLabel))
            {
                return ClaimRow.Of(kind, claim, simulated: false);
            }
        }

        var below = document;
        for (var depth = 0; depth < MaxDepth; depth++)
        {
            if (below.Controller() is not { } owner || !kinds.TryFind(owner.Text("apiVersion"), owner.Text("kind"), out var kind) || !kind.IsComposite()
                || await claims.FindAsync(caller, kind, below.NamespaceOf(), owner.Text("name"), ct) is not { } composite)
            {
                return null;
            }

            if (kind.IsAskedFor(composite))
            {
                return ClaimRow.Of(kind, composite, simulated: false);
            }

            below = composite;
        }

        return null;
    }
}
