using Temporalio.Common;

namespace Flagstone.Samples.Adjudication;

/// <summary>By which claims are found; the namespace declares them.</summary>
public static class ClaimAttributes
{
    public static SearchAttributeKey<string> Status { get; } = SearchAttributeKey.CreateKeyword("ClaimStatus");

    public static SearchAttributeKey<string> Claimant { get; } = SearchAttributeKey.CreateKeyword("Claimant");
}
