using Flagstone.Provisioning.Claims;
using Flagstone.Ui.Components;

namespace Flagstone.Provisioning.Drift;

/// <summary>A drifted resource with the claim, or the composite in a namespace, that it belongs to.</summary>
/// <param name="Claim">Null for a resource that was made for neither.</param>
internal sealed record DriftRow(DriftedResource Resource, ClaimRow? Claim)
{
    public bool IsOpen => Resource.State == DriftRules.Open;

    /// <summary>Which rows a query shows, in the order that they have.</summary>
    public static IReadOnlyList<DriftRow> Select(IEnumerable<DriftRow> all, ListState query)
    {
        string Filter(string name) => query.Filters.GetValueOrDefault(name, "");
        return
        [
            .. all.Where(r =>
                (Filter("state").Length == 0 || r.Resource.State == Filter("state"))
                && (Filter("kind").Length == 0 || r.Resource.Kind == Filter("kind"))
                && (Filter("namespace").Length == 0 || r.Claim?.Namespace == Filter("namespace"))
                && (query.Search.Length == 0 || r.Texts.Any(t => t.Contains(query.Search, StringComparison.OrdinalIgnoreCase)))),
        ];
    }

    private IEnumerable<string> Texts => [Resource.Name, Resource.Kind, Resource.Template ?? "", Claim?.Name ?? "", Claim?.Namespace ?? "", .. Resource.Fields.Select(f => f.Path)];
}
