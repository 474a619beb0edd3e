namespace Flagstone.Catalog.Files;

/// <summary>How much one set of files may hold. It lies in memory while a template is run or a commit is applied.</summary>
internal sealed record FileLimits
{
    public static FileLimits Default { get; } = new();

    public int Files { get; init; } = 5_000;

    public long TotalBytes { get; init; } = 64 << 20;

    public int FileBytes { get; init; } = 16 << 20;
}
