using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Costs;
using Flagstone.Provisioning.Drift;
using Flagstone.Provisioning.Explaining;

namespace Flagstone.Provisioning.Claims;

/// <summary>What is told of a claim beside itself: why it is not ready, what it costs, what of it drifted.</summary>
internal sealed class ClaimInsights(ClaimReader reader, Attribution attribution, PriceList prices)
{
    public async Task<ClaimExplanation> ExplainAsync(KindDefinition kind, JsonObject claim, CancellationToken ct) =>
        ExplanationRules.Explain(await reader.TreeAsync(kind, claim, ct));

    public async Task<CostEstimate> CostAsync(KindDefinition kind, JsonObject claim, CancellationToken ct) => CostOf(await reader.TreeAsync(kind, claim, ct));

    public CostEstimate CostOf(ClaimNode tree) => CostRules.Estimate(
        prices, tree.All.Where(n => n.Document is not null).Select(n => (n.Template.Length > 0 ? n.Template : n.Name, n.Document!)));

    public async Task<IReadOnlyList<DriftedResource>> DriftAsync(KindDefinition kind, JsonObject claim, CancellationToken ct) => DriftOf(await reader.TreeAsync(kind, claim, ct));

    public IReadOnlyList<DriftedResource> DriftOf(ClaimNode tree) =>
        [.. tree.All.Select(n => n.Document is not null && reader.Definition(n.ApiVersion, n.Kind) is { } kind ? DriftRules.Of(kind, n.Document) : null).OfType<DriftedResource>()];

    /// <summary>What the claims of a caller cost, by service: the namespace's, by team and all together.</summary>
    public async Task<CostReport> ReportAsync(Caller caller, CancellationToken ct)
    {
        var lines = new List<CostLine>();
        var spaces = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var (kind, claim) in await reader.AllAsync(caller, ct))
        {
            var ns = claim.NamespaceOf();
            if (!spaces.TryGetValue(ns, out var space))
            {
                space = spaces[ns] = await attribution.OfAsync(ns, ct);
            }

            lines.Add(new CostLine(
                kind.Kind, ns, claim.NameOf(),
                Charged(Attribution.Service) ?? ns, Charged(Attribution.Team) ?? "unowned", CostOf(await reader.TreeAsync(kind, claim, ct))));

            string? Charged(string label) => space.GetValueOrDefault(label) ?? (claim.Label(label) is { Length: > 0 } own ? own : null);
        }

        return new CostReport(
            CostRules.Sum(prices, lines.ConvertAll(l => l.Cost)), Group(lines, l => l.Service), Group(lines, l => l.Team), lines);
    }

    private IReadOnlyList<CostGroup> Group(List<CostLine> lines, Func<CostLine, string> by) =>
        [.. lines.GroupBy(by, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new CostGroup(g.Key, CostRules.Sum(prices, [.. g.Select(l => l.Cost)])))];
}

/// <summary>What the claims cost a month.</summary>
/// <param name="Services">By service.</param>
/// <param name="Teams">By team; <c>unowned</c> for what names none.</param>
public sealed record CostReport(CostEstimate Total, IReadOnlyList<CostGroup> Services, IReadOnlyList<CostGroup> Teams, IReadOnlyList<CostLine> Claims);

/// <summary>What a service or team costs.</summary>
public sealed record CostGroup(string Name, CostEstimate Cost);

/// <summary>What a claim costs.</summary>
public sealed record CostLine(string Kind, string Namespace, string Name, string Service, string Team, CostEstimate Cost);
