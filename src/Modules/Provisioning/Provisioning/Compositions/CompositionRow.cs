using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.Revisions;
using Flagstone.Provisioning.Compositions.Tests;
using Flagstone.Ui.Components;

namespace Flagstone.Provisioning.Compositions;

/// <summary>A composition as the list shows it.</summary>
/// <param name="Mode"><c>Pipeline</c> or <c>Resources</c>.</param>
/// <param name="Revision">The number of the revision that is used; null before there is one.</param>
internal sealed record CompositionRow(string Name, string CompositeKind, string Mode, long? Revision, Status Status)
{
    /// <summary>The name of the revision that is used; empty before there is one.</summary>
    public string RevisionName { get; init; } = "";

    public int Passed { get; init; }

    public int Failed { get; init; }

    /// <summary>How many tests have not told yet.</summary>
    public int Untold { get; init; }

    public IReadOnlyList<CompositionUse> Uses { get; init; } = [];

    /// <summary>Those that are on another revision than the one that is used now.</summary>
    public IEnumerable<CompositionUse> Elsewhere => Uses.Where(u => u.Revision.Length > 0 && RevisionName.Length > 0 && u.Revision != RevisionName);

    public string Href => $"/compositions/{Uri.EscapeDataString(Name)}";

    public static CompositionRow Of(JsonObject composition, IEnumerable<JsonObject> tests, IEnumerable<CompositionUse> uses)
    {
        var name = composition.NameOf();
        var outcomes = tests.Select(t => t.FindCondition(CompositionTests.Passed)?.Status).ToList();
        return new CompositionRow(
            name, composition.At("spec", "compositeTypeRef").Text("kind"), CompositionMode.Of((JsonObject)composition["spec"]!),
            PatchAndTransform.Numbers.TryInteger(composition.At("status", "revision"), out var number) ? number : null, StatusOf(composition))
        {
            RevisionName = composition["status"].Text("currentRevision"),
            Passed = outcomes.Count(o => o == "True"),
            Failed = outcomes.Count(o => o == "False"),
            Untold = outcomes.Count(o => o is not ("True" or "False")),
            Uses = [.. uses.OrderBy(u => u.Namespace, StringComparer.Ordinal).ThenBy(u => u.Name, StringComparer.Ordinal)],
        };
    }

    /// <summary>Which compositions a query shows, and in which order.</summary>
    public static IReadOnlyList<CompositionRow> Select(IEnumerable<CompositionRow> all, ListState query)
    {
        string Filter(string name) => query.Filters.GetValueOrDefault(name, "");
        var matching = all.Where(r =>
            (Filter("kind").Length == 0 || r.CompositeKind == Filter("kind"))
            && (Filter("mode").Length == 0 || r.Mode == Filter("mode"))
            && (Filter("state").Length == 0 || r.Status.Word == Filter("state"))
            && (query.Search.Length == 0 || new[] { r.Name, r.CompositeKind }.Any(t => t.Contains(query.Search, StringComparison.OrdinalIgnoreCase))));
        IOrderedEnumerable<CompositionRow> Order<T>(Func<CompositionRow, T> key, IComparer<T>? comparer = null) =>
            query.Descending ? matching.OrderByDescending(key, comparer) : matching.OrderBy(key, comparer);
        var ordered = query.Sort switch
        {
            "kind" => Order(r => r.CompositeKind, StringComparer.Ordinal),
            "status" => Order(r => r.Status.Word, StringComparer.Ordinal),
            "revision" => Order(r => r.Revision ?? 0),
            "uses" => Order(r => r.Uses.Count),
            _ => Order(r => r.Name, StringComparer.Ordinal),
        };
        return [.. ordered.ThenBy(r => r.Name, StringComparer.Ordinal)];
    }

    private static Status StatusOf(JsonObject composition) => composition.FindCondition(CompositionRevisions.Current) switch
    {
        { Status: "True" } => new Status("Current", Tone.Good),
        { Status: "False" } refused => new Status("Held back", Tone.Bad, refused.Message),
        _ => new Status("Pending", Tone.Busy, "Its first revision is not made yet."),
    };
}

/// <summary>A claim that a composition makes, or a composite that has no claim.</summary>
/// <param name="Href">Its page; empty for a composite that lies in no namespace, which has none.</param>
/// <param name="Revision">The name of the revision that it is on; empty before it has one.</param>
/// <param name="Manual">True when it stays on its revision until someone names another.</param>
internal sealed record CompositionUse(string Kind, string Namespace, string Name, string Href, string Revision, bool Manual, Status Status)
{
    public static CompositionUse Of(KindDefinition kind, JsonObject document)
    {
        var machinery = MachineryOf(document);
        return new CompositionUse(
            kind.Kind, document.NamespaceOf(), document.NameOf(),
            kind.AskedFor ? $"/claims/{kind.Id}/{Uri.EscapeDataString(document.NamespaceOf())}/{Uri.EscapeDataString(document.NameOf())}" : "",
            machinery.At("compositionRevisionRef").Text("name"), machinery.Text("compositionUpdatePolicy") == "Manual", Status.OfConditions(document));
    }

    /// <summary>Crossplane 2 keeps the machinery's fields under <c>spec.crossplane</c>.</summary>
    public static JsonNode? MachineryOf(JsonObject document) => document.At("spec", "crossplane") ?? document["spec"];
}
