namespace Flagstone.Provisioning.Contracts;

/// <summary>What something costs a month, as far as a price list tells.</summary>
/// <param name="Monthly">The sum of what is known, in <paramref name="Currency"/>; null when nothing of it is known.</param>
/// <param name="Items">What the sum is made of.</param>
/// <param name="Unknown">What costs something that the list does not tell: it is not in the sum. Empty when all is known.</param>
/// <param name="Source">Where the prices come from.</param>
/// <param name="Date">Of which day they are, as <c>yyyy-MM-dd</c>.</param>
/// <param name="Region">The region whose prices they are.</param>
public sealed record CostEstimate(
    decimal? Monthly, string Currency, IReadOnlyList<CostItem> Items, IReadOnlyList<string> Unknown, string Source, string Date, string Region)
{
    /// <summary>Nothing at all is estimated.</summary>
    public static CostEstimate None { get; } = new(null, "USD", [], [], "", "", "");
}

/// <summary>One item of an estimate: <paramref name="Quantity"/> of <paramref name="Unit"/> at <paramref name="Price"/> each.</summary>
/// <param name="Resource">The kind and name, or template, of the managed resource.</param>
/// <param name="Unit"><c>hour</c>, <c>GB-month</c> or <c>month</c>.</param>
public sealed record CostItem(string Resource, string Name, decimal Quantity, string Unit, decimal Price, decimal Monthly);

/// <summary>What a change costs: the estimate of what is there, and of what would be.</summary>
public sealed record CostChange(CostEstimate Before, CostEstimate After)
{
    /// <summary>By how much a month the known sum moves; null where neither side is known.</summary>
    public decimal? Difference => Before.Monthly is null && After.Monthly is null ? null : (After.Monthly ?? 0) - (Before.Monthly ?? 0);
}
