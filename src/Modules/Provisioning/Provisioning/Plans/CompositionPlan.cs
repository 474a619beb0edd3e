using Flagstone.Provisioning.Contracts;

namespace Flagstone.Provisioning.Plans;

/// <summary>What a change of a composition would change.</summary>
/// <param name="Revision">The number that its revision would have; null when nothing of it changes.</param>
/// <param name="Tests">What its CompositionTests say of it: <c>passed</c>, <c>failed</c> or <c>none</c>.</param>
/// <param name="Failures">What the tests miss; a revision that fails is not used.</param>
/// <param name="Claims">The claims, and the composites without one, that would follow and of which something would change, with their plans.</param>
/// <param name="Unchanged">How many would follow and be as they are.</param>
/// <param name="Staying">Those that stay on their revision: their update policy is Manual, or they select another.</param>
/// <param name="NotPlanned">How many more there are: beyond what is planned at once, and those that the caller may not plan.</param>
public sealed record CompositionPlan(
    string Composition, long? Revision, string Tests, string? Failures, IReadOnlyList<ClaimPlan> Claims, int Unchanged, IReadOnlyList<string> Staying, int NotPlanned,
    CostChange Cost);

/// <summary>A plan of a claim, of a composite or of a composition.</summary>
/// <param name="Claim">Null when the manifest is of a composition.</param>
/// <param name="Composition">Null when the manifest is of a claim or a composite.</param>
public sealed record PlanView(ClaimPlan? Claim, CompositionPlan? Composition);
