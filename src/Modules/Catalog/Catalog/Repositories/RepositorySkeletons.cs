using Flagstone.Catalog.Files;
using Flagstone.Catalog.Scaffolder.Skeletons;

namespace Flagstone.Catalog.Repositories;

/// <summary>Skeletons of a template that lies in a folder of a hosted repository, as they were at one commit.</summary>
internal sealed class RepositorySkeletons(
    HostedRepositories repositories, RepositoryName name, CommitId commit, FolderPath root, FileLimits limits)
    : ISkeletonSource
{
    public Task<FileReading> ReadAsync(FolderPath folder, CancellationToken ct)
    {
        var path = root.Value.Length > 0 && folder.Value.Length > 0 ? root.Join(folder.Value) : root.Value + folder.Value;

        // Two folders that are paths may be too deep together.
        return FolderPath.TryParse(path, out var below, out var refusal)
            ? Task.Run(() => repositories.ReadTree(name, commit, below, limits), ct)
            : Task.FromResult<FileReading>(new FilesRefused(new FileRefusal(path, refusal)));
    }
}
