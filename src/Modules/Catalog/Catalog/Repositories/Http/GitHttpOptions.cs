using System.ComponentModel.DataAnnotations;

namespace Flagstone.Catalog.Repositories.Http;

/// <summary>How much Git over HTTP may take.</summary>
internal sealed class GitHttpOptions
{
    /// <summary>Clones and pushes at the same time. Each is a few processes.</summary>
    [Range(1, 256)]
    public int Concurrency { get; init; } = 8;

    /// <summary>How long a request waits for its turn before it is told to come back.</summary>
    public TimeSpan QueueTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a clone or a push may take.</summary>
    public TimeSpan RequestTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The largest body of a request: a pack at its limit, and what Git says around it.</summary>
    public long MaxBodyBytes { get; init; } = RepositoryFolder.MaxPackBytes + (1 << 20);
}
