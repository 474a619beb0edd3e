using Flagstone.Catalog.Repositories;

namespace Flagstone.Catalog.Services;

/// <summary>A commit of one of a service's repositories.</summary>
internal sealed record CommitRow(string Repository, string Id, string Message, string Author, DateTimeOffset At)
{
    private const int ShortLength = 8;

    public string ShortId => Short(Id);

    public static string Short(string commit) => commit.Length > ShortLength ? commit[..ShortLength] : commit;
}

/// <summary>The newest commits of a service's app and of its desired state.</summary>
internal sealed class CommitReader(HostedRepositories repositories)
{
    private const int MaxCommits = 10;

    /// <summary>Newest first; none where the repositories are hosted elsewhere.</summary>
    public Task<IReadOnlyList<CommitRow>> OfAsync(ServiceRow service, CancellationToken ct) =>
        // Git blocks on the disk, and a circuit draws on the thread that asks.
        Task.Run(() => Read(service), ct);

    private IReadOnlyList<CommitRow> Read(ServiceRow service)
    {
        var commits = new List<CommitRow>();
        foreach (var text in new[] { service.Repository, service.GitOpsRepository })
        {
            if (RepositoryName.TryParse(text, out var name) && repositories.Resolve(name, BranchName.Main) is { } head)
            {
                commits.AddRange(repositories.Log(name, head, MaxCommits).Select(c => new CommitRow(text, c.Id.Value, c.Title, c.Author.Name, c.When)));
            }
        }

        return [.. commits.OrderByDescending(c => c.At).Take(MaxCommits)];
    }
}
