namespace Flagstone.Provisioning.Providers.Process.Toolchains;

/// <summary>How services of one language are installed and started.</summary>
internal interface IToolchain
{
    /// <summary>What every process gets, unless its Deployment says otherwise.</summary>
    IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Whether a commit, or what an installation made of it, is one of these services.</summary>
    bool Takes(string folder);

    /// <summary>Makes of an exported commit what can be started.</summary>
    /// <param name="folder">The commit's files; afterwards what the service sees as <c>/app</c>.</param>
    /// <param name="user">The service's own user; null where services have none.</param>
    /// <returns>What is wrong with the commit or the machine, or null.</returns>
    Task<string?> InstallAsync(string folder, ServiceUser? user, CancellationToken ct);

    /// <summary>The command that starts what was installed, or why there is none.</summary>
    /// <param name="heapMegabytes">How much memory the program may take for its objects.</param>
    (IReadOnlyList<string>? Command, string? Problem) Start(string folder, int heapMegabytes);
}
