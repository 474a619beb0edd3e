namespace Flagstone.Platform.Storage;

/// <summary>Which scheduler looks after a due entry.</summary>
internal static class DuePartition
{
    /// <summary>Enough to spread the work over a handful of silos; each is one cheap query a second.</summary>
    public const int Count = 8;

    public static int Of(string kind, string key) => Fnv($"{kind}/{key}") % Count;

    // FNV-1a: the same on every process and version, which string.GetHashCode is not.
    private static int Fnv(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return (int)(hash & int.MaxValue);
    }
}
