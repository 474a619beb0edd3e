namespace Flagstone.Workflows.Fleet;

/// <summary>What the workers of a namespace said of themselves last. The key is the namespace's uid.</summary>
[GrainInterfaceType("flagstone.workflow-fleet")]
internal interface IFleetGrain : IGrainWithStringKey
{
    /// <param name="heartbeats">Messages <c>temporal.api.worker.v1.WorkerHeartbeat</c>, as bytes.</param>
    [Alias("Hear")]
    Task HearAsync(byte[][] heartbeats);

    /// <summary>The workers heard of lately, by their instance keys, as <c>WorkerHeartbeat</c> bytes.</summary>
    [Alias("List")]
    Task<byte[][]> ListAsync();
}
