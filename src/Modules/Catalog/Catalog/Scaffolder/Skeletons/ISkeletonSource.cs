using Flagstone.Catalog.Files;

namespace Flagstone.Catalog.Scaffolder.Skeletons;

/// <summary>Where the files of a template lie: a folder of this machine, or a commit of a repository.</summary>
internal interface ISkeletonSource
{
    Task<SkeletonReading> ReadAsync(FolderPath folder, CancellationToken ct);
}

internal abstract record SkeletonReading
{
    private protected SkeletonReading() { }
}

internal sealed record SkeletonRead(FileSet Files) : SkeletonReading;

internal sealed record SkeletonRefused(FileRefusal Refusal) : SkeletonReading;
