namespace Flagstone.Workflows.Outbox;

/// <summary>What an execution asks of another one.</summary>
internal enum OutboxKind
{
    /// <summary>Start a child; it takes no step before it is let to.</summary>
    Start = 1,

    /// <summary>Let a child begin, whose start the parent has recorded.</summary>
    Begin = 2,

    Signal = 3,

    Cancel = 4,

    /// <summary>Tell the parent how its child ended.</summary>
    Closed = 5,

    /// <summary>The parent has ended: its policy for the child applies.</summary>
    ParentClosed = 6,

    /// <summary>Tell the schedule how its run ended. The target is a schedule, the target's run the first of the chain that ended.</summary>
    ScheduledClosed = 7,

    /// <summary>Call the run's callbacks, wherever they lead. The target is the run itself.</summary>
    CallbacksDue = 8,
}

/// <summary>A message: at most one of a kind about one event of a run, whatever is delivered again.</summary>
/// <param name="RunId">The run that sends it.</param>
/// <param name="EventId">The event of that run that it is about.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-outbox-key")]
internal readonly record struct OutboxKey([property: Id(0)] string RunId, [property: Id(1)] OutboxKind Kind, [property: Id(2)] long EventId);

/// <summary>A message to an execution of the same namespace.</summary>
/// <param name="Target">The receiver's workflow id.</param>
/// <param name="TargetRun">The receiver's run, or the first one of its chain; empty for the current one.</param>
/// <param name="IsDelivered">Whether the receiver has committed what it asks.</param>
internal sealed record OutboxMessage(OutboxKey Key, string Target, string TargetRun, bool IsDelivered = false);

/// <summary>A message with what its receiver must know of the sender.</summary>
/// <param name="WorkflowId">The sender's.</param>
/// <param name="Event">The event that it is about, as bytes.</param>
/// <param name="RootWorkflowId">The execution at the top of the sender's tree.</param>
/// <param name="Type">The sender's workflow type.</param>
/// <param name="InitiatedId">The event of the sender's parent that initiated the sender; 0 without a parent.</param>
/// <param name="ParentRun">The run that the receiver knows as its parent, where that is the sender before a reset; empty else.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-delivery")]
internal sealed record Delivery(
    [property: Id(0)] OutboxKey Key, [property: Id(1)] string WorkflowId, [property: Id(2)] string TargetRun, [property: Id(3)] byte[] Event,
    [property: Id(4)] string RootWorkflowId, [property: Id(5)] string RootRunId, [property: Id(6)] string Type, [property: Id(7)] long InitiatedId,
    [property: Id(8)] string ParentRun = "")
{
    /// <summary>Of a start: the version that the child is pinned to as its parent is; null for none.</summary>
    [Id(9)]
    public string? InheritedVersion { get; init; }

    /// <summary>Of a start: the override that the child has of its parent, as bytes; null for none.</summary>
    [Id(10)]
    public byte[]? InheritedOverride { get; init; }

    /// <summary>Who started the sender; empty for nobody that is known.</summary>
    [Id(11)]
    public string StartedBy { get; init; } = "";
}

/// <summary>What became of a delivery.</summary>
internal enum Receipt
{
    /// <summary>The receiver could not commit: deliver again.</summary>
    Again = 0,

    /// <summary>The message is no more.</summary>
    Gone = 1,

    /// <summary>Committed, now or by an earlier delivery, or as good as that.</summary>
    Done = 2,

    /// <summary>There is nothing that it could change, and nobody to be told.</summary>
    Needless = 3,

    /// <summary>No such execution is open.</summary>
    NotFound = 4,

    /// <summary>The workflow id is in use.</summary>
    Exists = 5,

    /// <summary>The receiver has got too many signals.</summary>
    TooMany = 6,
}
