using System.Collections.Concurrent;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Gateway;

/// <summary>
/// What creations need to know of namespaces. The version is a precondition of the commit, so a stale memory is found out there:
/// nothing is created in a namespace that is gone or going.
/// </summary>
public sealed class NamespaceView(ResourceStore store)
{
    public static readonly KindId Kind = new("namespaces", "");

    private const int MaxKnown = 10_000;
    private readonly ConcurrentDictionary<string, long> active = new(StringComparer.Ordinal);

    public static ResourceKey KeyOf(string name) => new(Kind, "", name);

    /// <summary>Drops what is remembered of a namespace: after a conflict that names it.</summary>
    public void Forget(string name) => active.TryRemove(name, out _);

    internal async ValueTask<(long Version, Problem? Problem)> RequireActiveAsync(string name, ResourceKey wanted, CancellationToken ct)
    {
        if (active.TryGetValue(name, out var version))
        {
            return (version, null);
        }

        if (await store.FindAsync(KeyOf(name), ct) is not { } found)
        {
            return (0, Catalogue.NotFound(KeyOf(name)));
        }

        if (found.ToDocument().IsDeleting())
        {
            return (0, Catalogue.Denied(wanted, $"unable to create new content in namespace {name} because it is being terminated"));
        }

        if (active.Count < MaxKnown)
        {
            active[name] = found.Version;
        }

        return (found.Version, null);
    }
}
