namespace Flagstone.Catalog.Files;

/// <summary>The files of a place, all of them or none.</summary>
internal abstract record FileReading
{
    private protected FileReading() { }
}

internal sealed record FilesRead(FileSet Files) : FileReading;

internal sealed record FilesRefused(FileRefusal Refusal) : FileReading;
