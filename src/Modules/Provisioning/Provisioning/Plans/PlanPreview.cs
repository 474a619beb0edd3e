using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Kubernetes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Costs;

namespace Flagstone.Provisioning.Plans;

/// <summary>The plan of a claim, a composite or a composition in the answer to a dry run: a few lines of text that read well in a diff.</summary>
internal sealed class PlanPreview(ClaimPlanner claims, CompositionPlanner compositions) : IChangePreview
{
    /// <summary>So many users of a composition are listed; the summary counts all.</summary>
    private const int MaxClaims = 50;

    /// <summary>So many fields of one resource are listed.</summary>
    private const int MaxFields = 50;

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task<JsonObject?> PreviewAsync(Caller caller, KindDefinition kind, JsonObject next, CancellationToken ct) =>
        kind.IsClaim() || kind.IsComposite() ? await claims.PlanAsync(caller, next, ct) is Planned { Plan: var plan } ? Of(plan) : null
        : kind.Id == CompositionKinds.CompositionId && await compositions.PlanAsync(caller, next, ct) is { Plan: { } roll } ? Of(roll)
        : null;

    /// <summary>Null when nothing changes but, at most, what is applied itself.</summary>
    public static JsonObject? Of(ClaimPlan plan) =>
        plan.Refusals.Count == 0 && plan.Resources.Skip(1).All(r => r.Action == PlanActions.Unchanged) ? null : Said(new JsonObject
        {
            ["summary"] = PlanMarkdown.Summary(plan, plan.Resources.Skip(1)),
            ["composition"] = plan.Composition ?? "none",
            ["cost"] = CostRules.Text(plan.Cost),
            ["requiredApprovals"] = plan.RequiredApprovals,
            ["refusals"] = Lines(plan.Refusals.Select(r => $"{r.Kind} {r.Name}: {r.Rule}: {r.Message}")),
            ["warnings"] = Lines(plan.Warnings),
            ["resources"] = Lines(plan.Resources.Skip(1).Where(r => r.Action != PlanActions.Unchanged).SelectMany(Changes)),
            ["madeLater"] = Lines(plan.MadeLater.Select(l => $"{PlanMarkdown.Kind(l)}{l.Template}: waits for {l.WaitsFor}")),
        });

    /// <summary>Null when nothing of the composition changes.</summary>
    public static JsonObject? Of(CompositionPlan plan) => plan.Revision is not { } revision ? null : Said(new JsonObject
    {
        ["revision"] = revision,
        ["tests"] = plan.Tests,
        ["failures"] = plan.Failures,
        ["cost"] = CostRules.Text(plan.Cost),
        ["unchangedClaims"] = plan.Unchanged,
        ["changedClaims"] = plan.Claims.Count,
        ["notPlannedClaims"] = plan.NotPlanned,
        ["stayingClaims"] = Lines(plan.Staying.Take(MaxClaims)),
        ["claims"] = new JsonObject(plan.Claims.Take(MaxClaims).Select(c => KeyValuePair.Create($"{c.Kind} {PlanMarkdown.Named(c)}", (JsonNode?)Of(c)))),
    });

    private static IEnumerable<string> Changes(PlannedResource resource)
    {
        var named = $"{resource.Action} {resource.Kind} {resource.Template ?? resource.Name}".TrimEnd();
        return resource.Action != PlanActions.Change ? [named]
            : resource.Changes.Take(MaxFields).Select(c => $"{named}: {c.Path}: {Text(c.Before)} -> {Text(c.Value)}")
                .Concat(resource.Changes.Count > MaxFields ? [$"{named}: and {resource.Changes.Count - MaxFields} fields more"] : []);
    }

    private static string Text(JsonNode? value) => value?.ToJsonString(Relaxed) ?? "(none)";

    private static JsonArray Lines(IEnumerable<string> lines) => [.. lines.Select(l => (JsonNode)l)];

    /// <summary>Without what there is nothing to say of.</summary>
    private static JsonObject Said(JsonObject plan)
    {
        foreach (var (member, _) in plan.Where(m => m.Value is null or JsonArray { Count: 0 } or JsonObject { Count: 0 }).ToList())
        {
            plan.Remove(member);
        }

        return plan;
    }
}
