namespace Flagstone.Provisioning.Contracts;

/// <summary>How far a service is.</summary>
public enum ServicePhase
{
    /// <summary>Something that it needs is not there yet: the message says what.</summary>
    Waiting,

    /// <summary>Its commit is exported and its packages are installed.</summary>
    Installing,

    /// <summary>Its process runs and does not answer yet.</summary>
    Starting,

    /// <summary>It answers.</summary>
    Running,

    /// <summary>It cannot be installed, or ends by itself; it is tried again.</summary>
    Failed,

    /// <summary>It is scaled to none.</summary>
    Stopped,
}

/// <summary>A service that this platform runs itself.</summary>
/// <param name="Port">A loopback port that answers, or null while none does. While a new commit starts, it is the old one's.</param>
/// <param name="Commit">The commit that answers; empty while none does.</param>
/// <param name="WantedCommit">The commit that its Deployment names.</param>
/// <param name="Path">Where it is reached on the apps port: <c>/NAMESPACE/NAME/</c>.</param>
/// <param name="Message">Why it is not running, for people; empty when it is.</param>
public sealed record ServiceState(
    string Namespace, string Name, ServicePhase Phase, int? Port, string Commit, string WantedCommit, string Path, string Message)
{
    /// <summary>The loopback ports of all processes that get requests, <see cref="Port"/> first; empty while none answers.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];
}

/// <summary>The services that run as child processes of this platform. Empty where services run elsewhere.</summary>
public interface IRuntime
{
    /// <summary>The state of a Deployment that names a source; null when there is none, or when nothing has looked at it yet.</summary>
    ServiceState? Find(string ns, string name);

    /// <summary>All services of a namespace, or of all when it is null, by namespace and name.</summary>
    IReadOnlyList<ServiceState> List(string? ns);

    /// <summary>
    /// The loopback port to which the reverse proxy sends the next request of <c>/NAMESPACE/NAME/</c>, or null while nothing answers. A service
    /// of several processes gives them in turn.
    /// </summary>
    int? PortOf(string ns, string name);

    /// <summary>The last lines that the service wrote, oldest first; empty when it wrote none.</summary>
    /// <param name="lines">At most so many, up to 1000.</param>
    Task<IReadOnlyList<string>> RecentLogsAsync(string ns, string name, int lines, CancellationToken ct);
}
