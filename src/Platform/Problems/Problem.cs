namespace Flagstone.Platform.Problems;

/// <summary>
/// A refusal: the thing, the cause and the way out. <c>/api/v1</c> answers it as an RFC 9457 problem whose type leads to its page
/// of <c>docs/problems</c>; the Kubernetes API answers it as a <c>Status</c>.
/// </summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Slug">The last part of the problem's type, for example <c>quota-exceeded</c>.</param>
/// <param name="Reason">The Kubernetes reason, for example <c>AlreadyExists</c>.</param>
/// <param name="Title">The kind of problem, the same each time.</param>
/// <param name="Detail">This problem, in a sentence.</param>
public sealed record Problem(int Status, string Slug, string Reason, string Title, string Detail)
{
    /// <summary>Each single cause, with the field it is about; empty when the detail says all.</summary>
    public IReadOnlyList<ProblemCause> Causes { get; init; } = [];

    /// <summary>Which admission rules deny, and why each does; empty unless a policy denies.</summary>
    public IReadOnlyList<RuleDenial> Denials { get; init; } = [];

    /// <summary>Kind and name of what the problem is about, for a Kubernetes <c>Status</c>; null when there is none.</summary>
    public ProblemSubject? Subject { get; init; }
}

/// <param name="Rule">The admission rule's name.</param>
public sealed record RuleDenial(string Rule, string Message);

/// <param name="Field">The field's path, for example <c>spec.parameters.storageGB</c>.</param>
/// <param name="Reason">The Kubernetes cause type, for example <c>FieldValueInvalid</c>.</param>
public sealed record ProblemCause(string Field, string Reason, string Message);

/// <param name="Kind">The plural, or for an invalid body the kind, as the API server answers it.</param>
public sealed record ProblemSubject(string Group, string Kind, string Name, string? Uid = null);
