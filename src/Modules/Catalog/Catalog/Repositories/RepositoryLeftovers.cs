namespace Flagstone.Catalog.Repositories;

/// <summary>
/// Removes what a stopped Git left: a lock would keep a branch from moving for ever, and the objects of a push that never ended would stay.
/// </summary>
internal static class RepositoryLeftovers
{
    private static readonly EnumerationOptions Below = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    /// <summary>
    /// Only what was last touched before the given time goes. That is now when no other process works in the folder, as at an embedded
    /// start, else longer ago than any push may take. Returns how many there were.
    /// </summary>
    public static int Remove(RepositoryFolder folder, DateTimeOffset before)
    {
        var files = folder.List().Select(folder.PathOf).SelectMany(Locks).Where(file => File.GetLastWriteTimeUtc(file) < before).ToList();
        var folders = folder.List().Select(folder.PathOf).SelectMany(Quarantines)
            .Concat(Directory.EnumerateDirectories(Path.Combine(folder.Root, RepositoryFolder.NewFolder)))
            .Where(path => Directory.GetLastWriteTimeUtc(path) < before)
            .ToList();
        files.ForEach(File.Delete);
        folders.ForEach(path => Directory.Delete(path, recursive: true));
        return files.Count + folders.Count;
    }

    private static IEnumerable<string> Locks(string repository) =>
        Directory.EnumerateFiles(repository, "*.lock").Concat(Directory.EnumerateFiles(Path.Combine(repository, "refs"), "*.lock", Below));

    // Where receive-pack keeps the objects of a push until it is accepted (git tmp-objdir.c).
    private static IEnumerable<string> Quarantines(string repository) =>
        Directory.EnumerateDirectories(Path.Combine(repository, "objects"), "tmp_objdir-*");
}
