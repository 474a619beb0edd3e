namespace Flagstone.Load;

/// <summary>
/// What a real kube-apiserver 1.20.2 with etcd 3.4 does on two such cores, over TLS, by the same <c>wrk</c>, with the same claim and no
/// controller. It is not run here: these are figures of an earlier measurement, printed as ratios so that a run can be read alone.
/// </summary>
internal static class Peer
{
    public const double GetsPerSecond = 4958;
    public const double ListsPerSecond = 14;
    public const double ResidentMegabytes = 1860;
    public const string Name = "kube-apiserver";

    /// <summary>Creates a second by the number of connections.</summary>
    public static readonly IReadOnlyDictionary<int, double> CreatesPerSecond = new Dictionary<int, double> { [1] = 631, [16] = 1460, [64] = 1289 };
}
