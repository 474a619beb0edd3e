namespace Flagstone.Workflows.People;

/// <summary>What somebody does to a task.</summary>
/// <param name="EventId">The Scheduled event of the activity.</param>
/// <param name="Name">Who, as events name them.</param>
/// <param name="Actor">Who, as the ledger names them.</param>
/// <param name="Subjects">What they are among those that the task names: themselves, their role, and teams of theirs.</param>
/// <param name="Choice">The decision; of a delegation the subject that may decide too.</param>
/// <param name="Origin">Where it comes from, for the ledger: <c>api</c> or <c>console</c>.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-human-call")]
internal sealed record HumanCall(
    [property: Id(0)] string RunId, [property: Id(1)] long EventId, [property: Id(2)] string Name, [property: Id(3)] string Actor,
    [property: Id(4)] string[] Subjects, [property: Id(5)] string Choice, [property: Id(6)] string Reason, [property: Id(7)] string Origin);

/// <summary>How it ended.</summary>
internal enum HumanOutcome
{
    /// <summary>It is done, now or by the same call before.</summary>
    Done,

    NotFound,

    /// <summary>They may not.</summary>
    Forbidden,

    /// <summary>It is over already, or cannot be done now.</summary>
    Conflict,

    /// <summary>What they sent cannot be.</summary>
    Invalid,

    /// <summary>Nothing was stored; the same call may be tried again.</summary>
    Again,
}

/// <param name="Why">In a sentence; empty when it is done.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-human-reply")]
internal sealed record HumanReply([property: Id(0)] HumanOutcome Outcome, [property: Id(1)] string Why)
{
    public static readonly HumanReply Done = new(HumanOutcome.Done, "");
}
