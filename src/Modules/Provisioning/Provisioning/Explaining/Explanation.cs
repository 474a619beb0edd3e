namespace Flagstone.Provisioning.Explaining;

/// <summary>Why a claim is not ready: the one resource that it hangs on, the one condition of it, and what to do.</summary>
/// <param name="Ready">True when the claim is ready: then there is no cause.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Cause">Null when the claim is ready.</param>
public sealed record ClaimExplanation(bool Ready, string Summary, ExplainedCause? Cause);

/// <summary>The cause.</summary>
/// <param name="Path">From the claim down to the resource, each as <c>Kind name</c>.</param>
/// <param name="Template">The name of the composition's template that made it; null for a claim or composite.</param>
/// <param name="Condition">The condition's type; <c>Missing</c> where the resource is not there.</param>
/// <param name="Advice">What to do about it.</param>
/// <param name="Command">A command that shows more; the resource's own.</param>
public sealed record ExplainedCause(
    IReadOnlyList<string> Path, string ApiVersion, string Kind, string Namespace, string Name, string? Template, string Condition, string Reason, string Message,
    string Advice, string Command);
