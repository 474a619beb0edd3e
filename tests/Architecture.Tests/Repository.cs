namespace Flagstone.Architecture.Tests;

/// <summary>The repository that these tests stand in, read from disk.</summary>
internal static class Repository
{
    private static readonly HashSet<string> NotOurs = new(StringComparer.Ordinal) { "artifacts", "bin", "obj", "node_modules", "data", ".git" };

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<ProjectFile> Projects()
    {
        // What golden paths render is no project of this repository.
        var files = Sources(".", "*.csproj").Where(f => !f.Path.Contains("/GoldenPaths/", StringComparison.Ordinal)).ToList();
        var paths = files.Select(f => f.Path).ToList();
        return [.. files.Select(f => ProjectFile.Parse(f.Path, f.Text, paths))];
    }

    /// <summary>Files below a folder that are in the repository's care, paths relative to its root and with slashes.</summary>
    public static IReadOnlyList<SourceFile> Sources(string folder, string pattern) =>
        [.. Walk(new DirectoryInfo(Path.Combine(Root, folder)), pattern)
            .Select(f => new SourceFile(Path.GetRelativePath(Root, f.FullName), File.ReadAllText(f.FullName)))
            .OrderBy(f => f.Path, StringComparer.Ordinal)];

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder, string pattern) => folder.Exists
        ? folder.EnumerateFiles(pattern).Concat(folder.EnumerateDirectories().Where(d => !NotOurs.Contains(d.Name)).SelectMany(d => Walk(d, pattern)))
        : [];

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Monolith.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Monolith.sln. Run the tests from a build inside the repository.");
    }
}

/// <param name="Path">Relative to the repository's root.</param>
internal sealed record SourceFile(string Path, string Text);
