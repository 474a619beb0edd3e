using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;

namespace Flagstone.Workflows.Schedules;

/// <summary>
/// A schedule of a namespace. Requests and answers are messages of Temporal's API as bytes; a spec comes as <see cref="Specs.SpecReader"/> gives it.
/// </summary>
[GrainInterfaceType("flagstone.workflow-schedule")]
internal interface IScheduleGrain : IReconcileGrain
{
    [Alias("Create")]
    Task<Answer> CreateAsync(Call call);

    [Alias("Describe")]
    Task<Answer> DescribeAsync();

    [Alias("Update")]
    Task<Answer> UpdateAsync(Call call);

    [Alias("Patch")]
    Task<Answer> PatchAsync(Call call);

    [Alias("Delete")]
    Task<Answer> DeleteAsync(Call call);

    [Alias("MatchingTimes")]
    Task<Answer> MatchingTimesAsync(Call call);

    /// <summary>Deletes it with its namespace.</summary>
    [Alias("Discard")]
    Task<Answer> DiscardAsync();

    /// <summary>Takes in how a run ended, once however often it is delivered.</summary>
    [Alias("Receive")]
    Task<Receipt> ReceiveAsync(Delivery delivery);
}
