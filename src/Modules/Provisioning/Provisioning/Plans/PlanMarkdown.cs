using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Costs;

namespace Flagstone.Provisioning.Plans;

/// <summary>A plan as Markdown, for a comment on a pull request. Pure.</summary>
internal static class PlanMarkdown
{
    /// <summary>A comment holds 65,536 characters at GitHub; what is longer is cut, and says so.</summary>
    private const int MaxLength = 60_000;

    /// <summary>Longer values are cut in the table.</summary>
    private const int MaxValue = 120;

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(PlanView plan)
    {
        var text = new StringBuilder();
        if (plan.Composition is { } composition)
        {
            Write(composition, text);
        }
        else
        {
            Write(plan.Claim!, text, "##");
        }

        return text.Length <= MaxLength ? text.ToString() : $"{text.ToString(0, MaxLength)}\n\n*The plan is longer than a comment; the rest is cut.*\n";
    }

    private static void Write(CompositionPlan plan, StringBuilder text)
    {
        Line(text, $"## Composition `{plan.Composition}`{(plan.Revision is { } number ? $", revision {number}" : ": nothing of it changes")}");
        Line(text, "");
        Line(text, $"- Tests: **{plan.Tests}**{(plan.Failures is null ? "" : $": {Escape(plan.Failures)}. The revision would not be used.")}");
        Line(text, $"- Claims and composites that change: **{plan.Claims.Count}**; as they are: {plan.Unchanged}; staying on their revision: {plan.Staying.Count}{(plan.NotPlanned > 0 ? $"; not planned: {plan.NotPlanned}" : "")}");
        Line(text, $"- Cost: {CostRules.Text(plan.Cost)}");
        foreach (var claim in plan.Claims)
        {
            Line(text, "");
            Write(claim, text, "###");
        }
    }

    private static void Write(ClaimPlan plan, StringBuilder text, string heading)
    {
        Line(text, $"{heading} {plan.Kind} `{Named(plan)}`");
        Line(text, "");
        Line(text, $"- {Summary(plan)}");
        Line(text, $"- Composition: `{plan.Composition ?? "none"}`");
        Line(text, $"- Cost: {CostRules.Text(plan.Cost)}");
        Line(text, $"- Approvals: {plan.RequiredApprovals}");
        foreach (var refusal in plan.Refusals)
        {
            Line(text, $"- **Refused** by `{refusal.Rule}`: {refusal.Kind} {refusal.Name}: {Escape(refusal.Message)}");
        }

        foreach (var warning in plan.Warnings)
        {
            Line(text, $"- Warning: {Escape(warning)}");
        }

        WriteChanges(plan, text);
        if (plan.MadeLater.Count == 0)
        {
            return;
        }

        Line(text, "");
        Line(text, "| Made later | Waits for |");
        Line(text, "|---|---|");
        foreach (var later in plan.MadeLater)
        {
            Line(text, $"| {Kind(later)}`{later.Template}` | {Escape(later.WaitsFor)} |");
        }
    }

    private static void WriteChanges(ClaimPlan plan, StringBuilder text)
    {
        var changes = plan.Resources.Where(r => r.Action != PlanActions.Unchanged).ToList();
        if (changes.Count == 0)
        {
            return;
        }

        Line(text, "");
        Line(text, "| Action | Resource | Field | Now | Then |");
        Line(text, "|---|---|---|---|---|");
        foreach (var resource in changes)
        {
            var name = $"{resource.Kind} `{resource.Template ?? resource.Name ?? plan.Name}`";
            IReadOnlyList<FieldChange> fields = resource.Action == PlanActions.Change ? resource.Changes : [.. PlanRules.MainFields(resource)];
            if (fields.Count == 0)
            {
                Line(text, $"| {resource.Action} | {name} | | | |");
            }

            foreach (var change in fields)
            {
                Line(text, $"| {resource.Action} | {name} | `{change.Path}` | {Value(change.Before)} | {Value(change.Value)} |");
            }
        }
    }

    public static string Named(ClaimPlan plan) => plan.Namespace.Length > 0 ? $"{plan.Namespace}/{plan.Name}" : plan.Name;

    /// <summary>How many resources are made, changed and deleted, and made later.</summary>
    public static string Summary(ClaimPlan plan) => Summary(plan, plan.Resources);

    /// <param name="listed">Those of the plan's resources that are counted.</param>
    public static string Summary(ClaimPlan plan, IEnumerable<PlannedResource> listed)
    {
        var counts = listed.GroupBy(r => r.Action).Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()} {(g.Key == PlanActions.Unchanged ? g.Key : $"to {g.Key}")}")).ToList();
        if (plan.MadeLater.Count > 0)
        {
            counts.Add(string.Create(CultureInfo.InvariantCulture, $"{plan.MadeLater.Count} made later"));
        }

        return plan.Resources.Count == 0 ? "Nothing would be made" : !plan.HasChanges && plan.MadeLater.Count == 0 ? "Nothing changes" : string.Join(", ", counts);
    }

    /// <summary>The kind with a blank after it; empty when it is not known.</summary>
    public static string Kind(LaterResource later) => later.Kind is { } kind ? $"{kind} " : "";

    private static string Value(JsonNode? value)
    {
        if (value is null)
        {
            return "";
        }

        var text = value.ToJsonString(Relaxed);
        return $"`{(text.Length <= MaxValue ? text : $"{text[..MaxValue]}...").Replace("|", "\\|", StringComparison.Ordinal).Replace("`", "'", StringComparison.Ordinal)}`";
    }

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).ReplaceLineEndings(" ");

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');
}
