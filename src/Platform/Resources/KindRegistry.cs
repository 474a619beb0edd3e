using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Platform.Resources;

/// <summary>
/// All kinds that are served: those that the platform and its modules bring, and those that definitions bring at run time.
/// Reads take a snapshot; a change replaces it whole.
/// </summary>
public sealed class KindRegistry
{
    private readonly Lock gate = new();
    private volatile Snapshot current = new(ImmutableDictionary<KindId, KindDefinition>.Empty, 0);

    public KindRegistry(IEnumerable<KindDefinition> builtIn)
    {
        foreach (var kind in builtIn)
        {
            if (!TryAdd(kind, out var taken))
            {
                throw new ArgumentException($"Kind {kind.Id} is registered twice, as {kind.Kind} and as {taken.Kind}.", nameof(builtIn));
            }
        }
    }

    public IEnumerable<KindDefinition> All => current.Kinds.Values;

    /// <summary>Changes with each change of the registry: for documents that are made from it.</summary>
    public long Generation => current.Generation;

    public KindDefinition? Find(KindId id) => current.Kinds.GetValueOrDefault(id);

    public bool IsSealed(KindId id) => Find(id)?.Sealed == true;

    /// <summary>Finds by <c>apiVersion</c> and <c>kind</c>, as a manifest names it: the kind as that version serves it.</summary>
    public bool TryFind(string apiVersion, string kind, [NotNullWhen(true)] out KindDefinition? found)
    {
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var (group, version) = slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
        found = current.ByKind.GetValueOrDefault((group, kind)) is { } known && known.Versions.Contains(version) ? known.In(version) : null;
        return found is not null;
    }

    /// <summary>Finds by group, version and plural, as a path names it: the kind as that version serves it.</summary>
    public KindDefinition? Find(string group, string version, string plural) =>
        Find(new KindId(plural, group)) is { } kind && kind.Versions.Contains(version) ? kind.In(version) : null;

    /// <summary>Adds a kind, or replaces what the same definition brought before. False when another holds its names.</summary>
    public bool TryAdd(KindDefinition kind, [NotNullWhen(false)] out KindDefinition? taken)
    {
        lock (gate)
        {
            taken = current.Kinds.Values.FirstOrDefault(k =>
                k.Id.Group == kind.Id.Group && (k.Id == kind.Id || k.Kind == kind.Kind) && (k.DefinedBy is null || k.DefinedBy != kind.DefinedBy));
            if (taken is not null)
            {
                return false;
            }

            current = new Snapshot(current.Kinds.SetItem(kind.Id, kind), current.Generation + 1);
            return true;
        }
    }

    /// <summary>Removes every kind that a definition brought.</summary>
    public void RemoveDefinedBy(ResourceKey definition)
    {
        lock (gate)
        {
            var rest = current.Kinds.RemoveRange(current.Kinds.Values.Where(k => k.DefinedBy == definition).Select(k => k.Id));
            current = new Snapshot(rest, current.Generation + 1);
        }
    }

    private sealed record Snapshot(ImmutableDictionary<KindId, KindDefinition> Kinds, long Generation)
    {
        public Dictionary<(string Group, string Kind), KindDefinition> ByKind { get; } =
            Kinds.Values.ToDictionary(k => (k.Id.Group, k.Kind));
    }
}
