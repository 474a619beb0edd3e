using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;

namespace Flagstone.Workflows.Contracts.Processes;

/// <summary>
/// A long process of the platform, such as the retirement of a service: it asks people, waits, and acts. A module registers its kinds as services of this
/// type; they run as workflows on the installation's Temporal server.
/// </summary>
public interface IProcessKind
{
    /// <summary>In addresses and in ids, for example <c>retire-service</c>. It stays: what runs was started with it.</summary>
    string Name { get; }

    /// <summary>For people, for example <c>Retire a service</c>.</summary>
    string Title { get; }

    /// <summary>What it does and whom it asks, in a few sentences.</summary>
    string Description { get; }

    /// <summary>The JSON Schema of what it is started with; the console makes its form of it.</summary>
    JsonObject Input { get; }

    /// <summary>
    /// Says what is to happen, step by step, or why nothing is: also where the caller may not ask for it. Stores nothing. What it says is kept with the
    /// process, so that one under way goes on as it was begun when the platform is renewed.
    /// </summary>
    /// <param name="input">As <see cref="Input"/> has it.</param>
    Task<(ProcessPlan? Plan, Problem? Problem)> PlanAsync(Caller caller, JsonObject input, CancellationToken ct);

    /// <summary>
    /// Does one step of a plan, or a part of it. It may be called again after any outcome, or none: what is done already is done. It throws for what may
    /// pass, and is called again later.
    /// </summary>
    Task<ActOutcome> ActAsync(ProcessAct act, CancellationToken ct);
}

/// <summary>What a process is to do.</summary>
/// <param name="Subject">What it is about, for example <c>default/orders</c>: one process of a kind runs for a subject at a time.</param>
/// <param name="Title">For people, for example <c>Retire service orders</c>.</param>
/// <param name="Steps">At most <see cref="MaxSteps"/>, one after the other.</param>
public sealed record ProcessPlan(string Subject, string Title, IReadOnlyList<ProcessStep> Steps)
{
    public const int MaxSteps = 30;
}

/// <summary>One step: it asks, waits or acts.</summary>
/// <param name="Title">What happens, as a sentence without a full stop: <c>Its data is deleted</c>.</param>
public sealed record ProcessStep(string Title)
{
    /// <summary>Asks people; the process ends unless they approve.</summary>
    public ProcessQuestion? Ask { get; init; }

    /// <summary>Waits so long.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>Waits for this time; one that has passed is not waited for.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Calls <see cref="IProcessKind.ActAsync"/>.</summary>
    public ProcessDeed? Act { get; init; }
}

/// <summary>What people are asked; see docs/guides/human-tasks.md. Who asked for the process never decides.</summary>
/// <param name="Assignees"><c>user:NAME</c>, <c>team:NAMESPACE/NAME</c> or <c>role:ROLE</c>.</param>
/// <param name="Context">What who decides should know; values are text.</param>
/// <param name="Deadline">When nobody has decided by then, the process ends without having done what follows.</param>
public sealed record ProcessQuestion(
    string Title, string Description, IReadOnlyList<string> Assignees, IReadOnlyDictionary<string, string> Context, TimeSpan Deadline)
{
    /// <summary>Whether who approved an earlier step may decide this one too.</summary>
    public bool ApproversMayDecide { get; init; } = true;
}

/// <param name="Action">Which one, for <see cref="IProcessKind.ActAsync"/>.</param>
/// <param name="Undo">The action that undoes it when the process ends early; null where nothing does: from such a step on it cannot be taken back.</param>
public sealed record ProcessDeed(string Action, JsonObject Arguments, string? Undo = null);

/// <summary>A call to act.</summary>
/// <param name="Run">The process's id.</param>
/// <param name="Step">The step's number.</param>
/// <param name="AskedBy">The name of who asked for the process; <paramref name="AskedById"/> their id in the ledger.</param>
/// <param name="Reason">Who asked, who approved, and why, for the ledger.</param>
public sealed record ProcessAct(string Action, JsonObject Arguments, string Run, int Step, string AskedBy, string AskedById, string Reason)
{
    private const string Author = "processes";

    /// <summary>The same for each repetition of the step.</summary>
    public string Key => $"{Run}/{Step}";

    /// <summary>The platform, on behalf of who asked.</summary>
    public Caller Platform => Caller.System(Author) with { Actor = new Actor($"system:{Author}", AskedById) };

    /// <summary>How what the step changes is written: other rules judge it as they judge a person's change.</summary>
    public WriteOptions Options => new() { Origin = $"process:{Run}", FieldManager = $"flagstone-{Author}", Correlation = Run, Reason = Reason, Judged = true };
}

/// <summary>What came of a call to act.</summary>
public abstract record ActOutcome
{
    private ActOutcome()
    {
    }

    /// <param name="Note">What is worth telling, in a sentence; empty for nothing.</param>
    public sealed record Done(string Note = "") : ActOutcome;

    /// <summary>It is under way, and is asked again.</summary>
    /// <param name="For">What it waits for, in a sentence.</param>
    public sealed record Waiting(string For) : ActOutcome;

    /// <summary>It cannot be done as things are: an administrator is asked whether to try again.</summary>
    /// <param name="Why">In a sentence.</param>
    public sealed record Refused(string Why) : ActOutcome;
}
