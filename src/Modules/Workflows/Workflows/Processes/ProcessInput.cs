using System.Text.Json.Serialization;
using Flagstone.Workflows.Contracts.Processes;

namespace Flagstone.Workflows.Processes;

/// <summary>What a process is started with. It is kept in the history, as are the other records here: members are added, never renamed.</summary>
/// <param name="Process">The kind's name.</param>
/// <param name="AskedBy">The name of who asked for it; <paramref name="AskedById"/> their id in the ledger.</param>
internal sealed record ProcessInput(string Process, ProcessPlan Plan, string AskedBy, string AskedById, string Reason);

/// <param name="Outcome">A word of <see cref="ProcessMemo"/>.</param>
/// <param name="Message">How it ended, as a sentence.</param>
internal sealed record ProcessResult(string Outcome, string Message);

/// <summary>What somebody decided, as docs/guides/human-tasks.md has it.</summary>
internal sealed record ProcessDecision(
    [property: JsonPropertyName("decision")] string Decision, [property: JsonPropertyName("reason")] string Reason, [property: JsonPropertyName("by")] string By);
