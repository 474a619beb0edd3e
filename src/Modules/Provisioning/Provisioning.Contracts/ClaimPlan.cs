using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;

namespace Flagstone.Provisioning.Contracts;

/// <summary>What applying a claim, or a composite that has none, would change.</summary>
/// <param name="Namespace">Empty for a composite that lies in none.</param>
/// <param name="Composition">The composition that makes it; null when none can be chosen: a refusal says why.</param>
/// <param name="Resources">The claim where it is one, the composite, and what that is made of, in this order; what is to be deleted comes last.</param>
/// <param name="Refusals">Why it, or a part of it, would not be made; empty when all would.</param>
/// <param name="Warnings">What the rules and the composition say beside.</param>
public sealed record ClaimPlan(
    string ApiVersion, string Kind, string Namespace, string Name, string? Composition, IReadOnlyList<PlannedResource> Resources,
    IReadOnlyList<PlanRefusal> Refusals, IReadOnlyList<string> Warnings)
{
    private const string NotAnswered = "unknown";

    /// <summary>What the composition makes only once something else is there; empty when it makes all at once.</summary>
    public IReadOnlyList<LaterResource> MadeLater { get; init; } = [];

    /// <summary>What it costs a month now, and would cost.</summary>
    public CostChange Cost { get; init; } = new(CostEstimate.None, CostEstimate.None);

    /// <summary>Whose approval it would need: <c>unknown</c>, as nothing here asks for approvals yet.</summary>
    public string RequiredApprovals { get; init; } = NotAnswered;

    /// <summary>True when applying would change anything.</summary>
    public bool HasChanges => Resources.Any(r => r.Action != PlanActions.Unchanged);
}

/// <summary>What a plan does to a resource.</summary>
public static class PlanActions
{
    public const string Create = "create";
    public const string Change = "change";
    public const string Delete = "delete";
    public const string Unchanged = "unchanged";
}

/// <summary>A resource of a plan.</summary>
/// <param name="Action"><c>create</c>, <c>change</c>, <c>delete</c> or <c>unchanged</c>.</param>
/// <param name="Namespace">Empty for a kind that is in no namespace.</param>
/// <param name="Name">Null when it is chosen at creation.</param>
/// <param name="Template">The name of the composition's template; null for the claim and its composite.</param>
/// <param name="Desired">
/// The resource as it would be, without what the store keeps of it (version, uid, times, managed fields, status); null when it is deleted.
/// Where names are chosen at creation, <c>xxxxx</c> stands for the five letters. Of a secret there are no values.
/// </param>
/// <param name="Changes">From what is there to <paramref name="Desired"/>; from nothing for a creation; empty for a deletion.</param>
public sealed record PlannedResource(
    string Action, string ApiVersion, string Kind, string Namespace, string? Name, string? Template, JsonObject? Desired, IReadOnlyList<FieldChange> Changes);

/// <summary>A resource that cannot be made yet, as a value of it is not known or others come first.</summary>
/// <param name="Template">The name of the composition's template.</param>
/// <param name="ApiVersion">Null when it is not known before it is made.</param>
/// <param name="Kind">Null when it is not known before it is made.</param>
/// <param name="WaitsFor">What it waits for, such as <c>status.bucketArn of the composite</c>.</param>
public sealed record LaterResource(string Template, string? ApiVersion, string? Kind, string WaitsFor);

/// <summary>A change of one field, in the words of JSON Patch (RFC 6902).</summary>
/// <param name="Op"><c>add</c>, <c>replace</c> or <c>remove</c>.</param>
/// <param name="Path">A JSON pointer (RFC 6901).</param>
/// <param name="Value">What it becomes; null for <c>remove</c>, and for a secret's value.</param>
/// <param name="Before">What it was; null for <c>add</c>, and for a secret's value.</param>
public sealed record FieldChange(string Op, string Path, JsonNode? Value, JsonNode? Before);

/// <summary>Why a part of a plan would not be made.</summary>
/// <param name="Kind">The kind of the resource that is refused.</param>
/// <param name="Name">Its name, or its template's where the name is chosen at creation.</param>
/// <param name="Rule">The admission rule; <c>composition</c> where no composition can make it; else the problem's name, such as <c>invalid</c>.</param>
public sealed record PlanRefusal(string Kind, string Name, string Rule, string Message);

/// <summary>How planning ended.</summary>
public abstract record PlanOutcome
{
    private protected PlanOutcome()
    {
    }
}

public sealed record Planned(ClaimPlan Plan) : PlanOutcome;

/// <summary>There is nothing to plan: the claim itself is misshapen, or its caller may not make it.</summary>
public sealed record PlanRefused(Problem Problem) : PlanOutcome;
