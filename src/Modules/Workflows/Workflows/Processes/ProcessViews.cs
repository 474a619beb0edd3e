using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Workflows.Contracts.Processes;
using Flagstone.Workflows.People;

namespace Flagstone.Workflows.Processes;

/// <summary>A kind of process that can be asked for.</summary>
/// <param name="Input">The JSON Schema of what it is started with.</param>
public sealed record ProcessKindView(string Name, string Title, string Description, JsonObject Input);

/// <summary>One of the platform's long processes.</summary>
/// <param name="Id">Its name in addresses, which is its run's id.</param>
/// <param name="Process">Its kind's name.</param>
/// <param name="Subject">What it is about, for example <c>default/orders</c>.</param>
/// <param name="AskedBy">The name of who asked for it.</param>
/// <param name="State"><c>running</c>, <c>completed</c>, <c>refused</c>, <c>cancelled</c> or <c>failed</c>.</param>
/// <param name="Stage">The step that it is at, or how it ended, as a sentence.</param>
/// <param name="Waits">Why the step is not done yet; null for nothing to say, and in lists.</param>
/// <param name="Run">Its workflow run: <c>NAMESPACE/WORKFLOW_ID</c>. Null in lists.</param>
public sealed record ProcessView(
    string Id, string Process, string Subject, string Title, string AskedBy, string Reason, string State, string Stage, DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt, string? Waits = null, string? Run = null)
{
    internal static ProcessView Of(ProcessState state) => new(
        state.Id, state.Process, state.Subject, state.Title, state.AskedBy, state.Reason, state.Phase.ToString().ToLowerInvariant(), state.Stage, state.StartedAt,
        state.EndedAt);

    /// <param name="asked">What people are asked now; null for nothing.</param>
    internal static ProcessView Of(ProcessDetails process, string ns, HumanTaskRow? asked = null) => Of(process.State) with
    {
        Waits = asked is not null ? Waiting(asked) : process.Trouble.Length > 0 ? process.Trouble : ProcessRules.Waiting(process), Run = $"{ns}/{process.WorkflowId}",
    };

    private static string Waiting(HumanTaskRow asked) => string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Join(", ", asked.Request.Assignees)} decide human task '{asked.Id}'{(asked.Live.Due is { } due ? $", until {due.UtcDateTime:yyyy-MM-dd HH:mm} UTC" : "")}.");
}

/// <param name="Process">A kind's name, such as <c>retire-service</c>.</param>
/// <param name="Input">As the kind's schema has it.</param>
/// <param name="Reason">Why, in at most 500 characters; who decides reads it, and the ledger keeps it.</param>
public sealed record StartProcess(string? Process, JsonObject? Input, string? Reason);

/// <param name="Reason">Why, in at most 500 characters; the ledger keeps it.</param>
public sealed record CancelProcess(string? Reason);
