using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.Graphs;
using Flagstone.Provisioning.Compositions.Revisions;
using Flagstone.Provisioning.Compositions.Tests;

namespace Flagstone.Provisioning.Compositions;

/// <summary>What the pages read of compositions: bounded, and only what the caller may.</summary>
internal sealed class CompositionReader(ResourceStore store, KindRegistry kinds, CompositionRevisions revisions, CompositionDrawing drawing)
{
    /// <summary>A page filters and sorts this many of a kind in memory; it says when there are more.</summary>
    private const int MaxRows = 2_000;

    /// <summary>True for the rows that change what the pages show.</summary>
    public bool Concerns(KindId id) => id == CompositionKinds.CompositionId || id == RevisionKinds.RevisionId || id == CompositionTestKind.TestId
        || (kinds.Find(id) is { } kind && (kind.IsClaim() || kind.IsComposite()));

    /// <summary>All compositions, and whether there are more.</summary>
    public async Task<(IReadOnlyList<CompositionRow> Rows, bool More)> ListAsync(Caller caller, CancellationToken ct)
    {
        var page = await store.ListAsync(new ListQuery(CompositionKinds.CompositionId, Limit: MaxRows), ct);
        var tests = (await TestsAsync(ct)).ToLookup(t => t.At("spec", "compositionRef").Text("name"), StringComparer.Ordinal);
        var uses = new List<(string Composition, CompositionUse Use)>();
        foreach (var kind in kinds.All.Where(Asks))
        {
            uses.AddRange(await UsesAsync(caller, kind, ct));
        }

        var byName = uses.ToLookup(u => u.Composition, u => u.Use, StringComparer.Ordinal);
        return ([.. page.Items.Select(i => i.ToDocument()).Select(d => CompositionRow.Of(d, tests[d.NameOf()], byName[d.NameOf()]))], page.More);
    }

    public async Task<CompositionDetail?> FindAsync(Caller caller, string name, CancellationToken ct)
    {
        if (await store.FindAsync(CompositionKinds.Composition.Key("", name), ct) is not { } found)
        {
            return null;
        }

        var document = found.ToDocument();
        var tests = (await TestsAsync(ct)).Where(t => t.At("spec", "compositionRef").Text("name") == name).ToList();
        var type = document.At("spec", "compositeTypeRef");
        List<(string Composition, CompositionUse Use)> uses = [];
        KindDefinition? claimKind = null;
        if (kinds.TryFind(type.Text("apiVersion"), type.Text("kind"), out var composite))
        {
            claimKind = kinds.Partner(composite);
            uses = await UsesAsync(caller, claimKind ?? composite, ct);
        }

        return new CompositionDetail(
            document, CompositionRow.Of(document, tests, uses.Where(u => u.Composition == name).Select(u => u.Use)),
            await drawing.OfAsync(document, tests, ct), claimKind?.Kind ?? "", await revisions.OfAsync(name, ct), tests);
    }

    /// <summary>The revision that a claim is on, and the one that its composition uses now.</summary>
    public async Task<RevisionPlace> PlaceAsync(JsonObject claim, CancellationToken ct)
    {
        var machinery = CompositionUse.MachineryOf(claim);
        var (composition, own) = (machinery.At("compositionRef").Text("name"), machinery.At("compositionRevisionRef").Text("name"));
        var manual = machinery.Text("compositionUpdatePolicy") == "Manual";
        if (composition.Length == 0)
        {
            return new RevisionPlace("", null, null, manual);
        }

        var all = await revisions.OfAsync(composition, ct);
        var current = (await store.FindAsync(CompositionKinds.Composition.Key("", composition), ct))?.ToDocument()["status"].Text("currentRevision") ?? "";
        return new RevisionPlace(own, NumberOf(own), NumberOf(current), manual);

        long? NumberOf(string name) => all.FirstOrDefault(r => r.NameOf() == name) is { } revision ? RevisionRules.NumberOf(revision) : null;
    }

    /// <summary>Claims, and the composites that have none.</summary>
    private bool Asks(KindDefinition kind) => kind.IsClaim() || (kind.IsComposite() && kinds.Partner(kind) is null);

    private async Task<List<(string Composition, CompositionUse Use)>> UsesAsync(Caller caller, KindDefinition kind, CancellationToken ct) =>
        AccessRules.Refuse(caller, "list", kind, "") is not null ? []
        : [.. (await store.ListAsync(new ListQuery(kind.Id, Limit: MaxRows), ct)).Items.Select(i => i.ToDocument())
            .Select(d => (CompositionUse.MachineryOf(d).At("compositionRef").Text("name"), CompositionUse.Of(kind, d)))];

    private async Task<IEnumerable<JsonObject>> TestsAsync(CancellationToken ct) =>
        (await store.ListAsync(new ListQuery(CompositionTestKind.TestId, Limit: MaxRows), ct)).Items.Select(i => i.ToDocument());
}

/// <summary>A composition as its page shows it.</summary>
/// <param name="ClaimKind">Empty where its composite has no claim.</param>
/// <param name="Revisions">The newest first.</param>
internal sealed record CompositionDetail(
    JsonObject Document, CompositionRow Row, ComposedSteps Composed, string ClaimKind, IReadOnlyList<JsonObject> Revisions, IReadOnlyList<JsonObject> Tests);

/// <summary>Where a claim stands among the revisions of its composition.</summary>
/// <param name="Name">The revision that it is on; empty before it has one.</param>
/// <param name="Number">Its number; null when the revision is not there.</param>
/// <param name="Current">The number of the one that the composition uses now; null before there is one.</param>
/// <param name="Manual">True when the claim stays until someone names another.</param>
internal sealed record RevisionPlace(string Name, long? Number, long? Current, bool Manual)
{
    public bool IsBehind => Number is not null && Current is not null && Number != Current;
}
