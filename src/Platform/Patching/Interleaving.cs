namespace Flagstone.Platform.Patching;

/// <summary>
/// The order of a list in which the wanted items come in their order, and the others stay before those that they stood before.
/// </summary>
internal static class Interleaving
{
    /// <summary>Each key once: those of both lists. Within each list a key occurs once.</summary>
    public static List<string> Order(IReadOnlyList<string> live, IReadOnlyList<string> wanted)
    {
        var order = new List<string>(live.Count + wanted.Count);
        var isWanted = wanted.ToHashSet(StringComparer.Ordinal);
        var done = new HashSet<string>(StringComparer.Ordinal);
        var next = 0;
        foreach (var key in live)
        {
            if (!isWanted.Contains(key))
            {
                order.Add(key);
                continue;
            }

            while (!done.Contains(key))
            {
                done.Add(wanted[next]);
                order.Add(wanted[next++]);
            }
        }

        order.AddRange(wanted.Skip(next));
        return order;
    }
}
