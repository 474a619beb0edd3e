using Flagstone.Catalog.Files;

namespace Flagstone.Catalog.Scaffolder.Skeletons;

/// <summary>Where the files of a template lie: a folder of this machine, or a commit of a repository.</summary>
internal interface ISkeletonSource
{
    Task<FileReading> ReadAsync(FolderPath folder, CancellationToken ct);
}
