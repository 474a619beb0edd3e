namespace Flagstone.Workflows.People;

/// <summary>What must be known of an open task to tell who may decide it, wherever its run is.</summary>
/// <param name="Starter">Who started the run; empty for nobody.</param>
/// <param name="ScheduledAt">When it began to wait: the escalation counts from here.</param>
/// <param name="Deadline">When nobody may decide any more; null for never.</param>
/// <param name="Paused">Who paused it, and why, as it follows "It was paused"; empty when it is not.</param>
internal sealed record HumanStanding(HumanTaskState Task, string Starter, DateTimeOffset ScheduledAt, DateTimeOffset? Deadline, string Paused);
