using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kinds;

/// <summary>The kinds that stand outside the ledger, as DESIGN's first promise lists them.</summary>
internal static class TransientKinds
{
    public static readonly KindId Events = new("events", "");

    public static IEnumerable<KindDefinition> All()
    {
        yield return new KindDefinition
        {
            Id = Events,
            Version = "v1",
            Kind = "Event",
            ShortNames = ["ev"],
            Transient = true,
            BuiltIn = true,
            Columns =
            [
                new("Last Seen", ".lastTimestamp", "date"), new("Type", ".type"), new("Reason", ".reason"),
                new("Object", "") { Value = o => $"{o.At("involvedObject").Text("kind").ToLowerInvariant()}/{o.At("involvedObject").Text("name")}" },
                new("Message", ".message"),
            ],
        };
        yield return new KindDefinition
        {
            Id = new KindId("leases", "coordination.k8s.io"),
            Version = "v1",
            Kind = "Lease",
            Transient = true,
            BuiltIn = true,
            Columns = [new("Holder", ".spec.holderIdentity"), new("Age", ".metadata.creationTimestamp", "date")],
        };
    }
}
