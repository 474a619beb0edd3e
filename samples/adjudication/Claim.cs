using System.Text.Json.Serialization;

namespace Flagstone.Samples.Adjudication;

/// <param name="Amount">In euros.</param>
public sealed record Claim(string Id, string Claimant, string Policy, decimal Amount);

/// <summary>How long things take, and who decides. The defaults make seven days.</summary>
public sealed record Terms
{
    /// <summary>After triage, for documents that are still missing.</summary>
    public TimeSpan Documents { get; init; } = TimeSpan.FromDays(2);

    /// <summary>After assessment, for objections.</summary>
    public TimeSpan Objection { get; init; } = TimeSpan.FromDays(3);

    /// <summary>After payment, until it cannot be called back.</summary>
    public TimeSpan Settlement { get; init; } = TimeSpan.FromDays(2);

    /// <summary>For each approval.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromDays(1);

    /// <summary>For the supervisors, when that has passed.</summary>
    public TimeSpan Extension { get; init; } = TimeSpan.FromDays(1);

    /// <summary>For one attempt of an external call.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For all attempts of an external call.</summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromHours(12);

    public IReadOnlyList<string> Triage { get; init; } = ["role:approver"];

    public IReadOnlyList<string> Assessors { get; init; } = ["role:approver"];

    public IReadOnlyList<string> Payers { get; init; } = ["role:approver"];

    /// <summary>Who decides what nobody decided in time.</summary>
    public IReadOnlyList<string> Supervisors { get; init; } = ["role:administrator"];
}

public sealed record Document(string Name, Uri Link);

/// <summary>What somebody decided, as the platform's inbox answers it.</summary>
/// <param name="Made"><c>approve</c> or <c>reject</c>.</param>
public sealed record Decision(
    [property: JsonPropertyName("decision")] string Made, [property: JsonPropertyName("reason")] string Reason, [property: JsonPropertyName("by")] string By);

/// <summary>How far a claim is.</summary>
/// <param name="Status">One of <see cref="ClaimStatus"/>.</param>
/// <param name="Decisions">As <c>STEP: DECISION by NAME: REASON</c>, in order.</param>
/// <param name="Undone">What was compensated, in order.</param>
public sealed record ClaimState(string Status, IReadOnlyList<string> Decisions, IReadOnlyList<Document> Documents, IReadOnlyList<string> Undone);

/// <param name="Reason">Why it was refused, or failed; empty for a claim that was paid.</param>
public sealed record Outcome(string Status, string Reason, IReadOnlyList<string> Undone);

/// <summary>The values of the search attribute.</summary>
public static class ClaimStatus
{
    public const string Intake = "Intake";
    public const string Triage = "Triage";
    public const string Documents = "Documents";
    public const string Assessment = "Assessment";
    public const string Objection = "Objection";
    public const string Release = "Release";
    public const string Escalated = "Escalated";
    public const string Settlement = "Settlement";
    public const string Paid = "Paid";
    public const string Refused = "Refused";
    public const string Failed = "Failed";
}
