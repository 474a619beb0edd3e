using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Ui.Components;

namespace Flagstone.Provisioning.Claims;

/// <summary>A claim as the pages show it.</summary>
internal sealed record ClaimRow(KindId Kind, string KindName, string Namespace, string Name, Status Status)
{
    public const string Ready = "Ready";
    public const string NotReady = "Not ready";
    public const string Failing = "Failing";

    public static readonly IReadOnlyList<string> States = [Ready, NotReady, Failing];

    public string Composition { get; init; } = "";

    public string Secret { get; init; } = "";

    /// <summary>The team that its namespace, or else the claim, names; empty for none.</summary>
    public string Team { get; init; } = "";

    /// <summary>The service that its namespace, or else the claim, names; empty for none.</summary>
    public string Service { get; init; } = "";

    public bool Simulated { get; init; }

    public DateTimeOffset? Created { get; init; }

    public DateTimeOffset? Since { get; init; }

    /// <summary>One of <see cref="States"/>: what a person filters by, whatever the word is.</summary>
    public string State => Status.Tone switch
    {
        Tone.Good => Ready,
        Tone.Bad => Failing,
        _ => NotReady,
    };

    public string Href => $"/claims/{Kind}/{Uri.EscapeDataString(Namespace)}/{Uri.EscapeDataString(Name)}";

    /// <param name="simulated">True when anything that it composes is simulated.</param>
    public static ClaimRow Of(KindDefinition kind, JsonObject claim, bool simulated) =>
        new(kind.Id, kind.Kind, claim.NamespaceOf(), claim.NameOf(), Status.OfConditions(claim))
        {
            Composition = CompositionUse.MachineryOf(claim).At("compositionRef").Text("name"),
            Secret = claim["spec"].At("writeConnectionSecretToRef").Text("name"),
            Simulated = simulated,
            Created = Times.Read(claim["metadata"].Text("creationTimestamp")),
            Since = (claim["status"].At("conditions") as JsonArray)?.FirstOrDefault(c => c.Text("type") == "Ready") is { } ready
                ? Times.Read(ready.Text("lastTransitionTime"))
                : Times.Read(claim["metadata"].Text("creationTimestamp")),
        };

    /// <summary>Which claims a query shows, and in which order.</summary>
    public static IReadOnlyList<ClaimRow> Select(IEnumerable<ClaimRow> all, ListState query)
    {
        string Filter(string name) => query.Filters.GetValueOrDefault(name, "");
        var matching = all.Where(r =>
            (Filter("kind").Length == 0 || r.KindName == Filter("kind"))
            && (Filter("state").Length == 0 || r.State == Filter("state"))
            && (Filter("composition").Length == 0 || r.Composition == Filter("composition"))
            && (Filter("namespace").Length == 0 || r.Namespace == Filter("namespace"))
            && (query.Search.Length == 0
                || new[] { r.Name, r.Namespace, r.KindName, r.Composition, r.Team, r.Service }.Any(t => t.Contains(query.Search, StringComparison.OrdinalIgnoreCase))));
        Func<ClaimRow, string> key = query.Sort switch
        {
            "kind" => r => r.KindName,
            "status" => r => r.Status.Word,
            "namespace" => r => r.Namespace,
            "team" => r => r.Team,
            "created" => r => r.Created?.UtcDateTime.ToString("O") ?? "",
            _ => r => r.Name,
        };
        return query.Descending
            ? [.. matching.OrderByDescending(key, StringComparer.Ordinal).ThenBy(r => r.Href, StringComparer.Ordinal)]
            : [.. matching.OrderBy(key, StringComparer.Ordinal).ThenBy(r => r.Href, StringComparer.Ordinal)];
    }
}
