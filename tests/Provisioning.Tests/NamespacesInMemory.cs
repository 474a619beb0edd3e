using System.Collections.Concurrent;
using Flagstone.Workflows.Contracts;

namespace Flagstone.Provisioning.Tests;

/// <summary>Namespaces of a Temporal server that is none: what Provisioning asks of the Workflows module.</summary>
public sealed class NamespacesInMemory : ITemporalNamespaces
{
    public ConcurrentDictionary<string, TemporalNamespaceState> There { get; } = new(StringComparer.Ordinal);

    /// <summary>Called before a namespace goes.</summary>
    public Func<Task> Deleting { get; set; } = () => Task.CompletedTask;

    /// <summary>What the settings name.</summary>
    public TemporalServer? Elsewhere { get; set; }

    public string OwnAddress => "127.0.0.1:7233";

    public Task<TemporalNamespaceState?> FindAsync(TemporalServer? server, string name, CancellationToken ct) => Task.FromResult(There.GetValueOrDefault(name));

    public Task CreateAsync(TemporalServer? server, string name, string owner, TemporalNamespaceSettings settings, CancellationToken ct)
    {
        var bare = settings with { SearchAttributes = new Dictionary<string, string>() };
        return There.TryAdd(name, new TemporalNamespaceState($"id-{name}", owner, bare, 0)) ? Task.CompletedTask
            : Task.FromException(new TemporalCallException("Namespace already exists.", isRefusal: true, new InvalidOperationException(name)));
    }

    public Task UpdateAsync(TemporalServer? server, string name, TemporalNamespaceSettings settings, CancellationToken ct)
    {
        There[name] = There[name] with { Settings = settings };
        return Task.CompletedTask;
    }

    public async Task DeleteAsync(TemporalServer? server, string name, CancellationToken ct)
    {
        await Deleting();
        There.TryRemove(name, out _);
    }
}
