using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Admission;

/// <summary>A change that asks to be admitted.</summary>
/// <param name="Verb"><c>create</c>, <c>update</c> or <c>delete</c>.</param>
/// <param name="Next">The resource as it would be; null for a deletion. A mutating rule changes it in place.</param>
/// <param name="Before">The resource as it is; null for a creation.</param>
public sealed record AdmissionRequest(
    Caller Caller, string Verb, KindDefinition Kind, ResourceKey Key, JsonObject? Next, JsonObject? Before, bool DryRun)
{
    /// <summary>Where the change comes from, as the ledger will say: <c>api</c>, or <c>git:REPOSITORY@COMMIT</c>.</summary>
    public string Origin { get; init; } = "api";
}

/// <summary>What a rule says: messages that deny, and messages that only warn.</summary>
public sealed record AdmissionVerdict(IReadOnlyList<string> Denials, IReadOnlyList<string> Warnings)
{
    public static AdmissionVerdict Allowed { get; } = new([], []);

    public static AdmissionVerdict Deny(string message) => new([message], []);
}

/// <summary>
/// A rule that judges each change before it is stored. Compliance fills this; the kernel only asks. A rule that throws denies.
/// </summary>
public interface IAdmissionRule
{
    /// <summary>The name in messages: <c>NAME: why</c>.</summary>
    string Name { get; }

    /// <summary>May change <see cref="AdmissionRequest.Next"/>; runs before the schema is checked.</summary>
    ValueTask MutateAsync(AdmissionRequest request, CancellationToken ct) => ValueTask.CompletedTask;

    ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct);
}
