using Flagstone.Platform.Reconciling;

namespace Flagstone.Workflows.People.Outside;

/// <summary>What a run at the Temporal server elsewhere asks people; the key is the run id.</summary>
[GrainInterfaceType("flagstone.workflow-human-outside")]
internal interface IOutsideRunGrain : IReconcileGrain
{
    /// <summary>Stores what the run's activity asks; a second call for the same activity changes nothing.</summary>
    /// <returns>Empty when it is stored, or needs no more to be; else why it could not be, and is to be tried again.</returns>
    Task<string> AskAsync(OutsideAsk ask);

    Task<HumanReply> DecideAsync(HumanCall call);

    Task<HumanReply> DelegateAsync(HumanCall call);
}

/// <summary>An activity that a run at the server elsewhere has scheduled for people.</summary>
/// <param name="Namespace">The workflow namespace's name.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-human-outside-ask")]
internal sealed record OutsideAsk(
    [property: Id(0)] string Namespace, [property: Id(1)] string WorkflowId, [property: Id(2)] string RunId, [property: Id(3)] string ActivityId);
