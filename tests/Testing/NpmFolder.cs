namespace Flagstone.Testing;

/// <summary>Packages of npm that a test uses, as the lock file of its folder pins them. They are installed once for each lock file.</summary>
public static class NpmFolder
{
    private static readonly SemaphoreSlim Installing = new(1, 1);

    /// <summary>Whether there is what an installation needs.</summary>
    public static bool CanInstall => Programs.Has("node") && Programs.Has("npm");

    /// <summary>The folder of the installed packages.</summary>
    /// <param name="folder">Has a <c>package-lock.json</c>.</param>
    /// <returns>The folder, or why it cannot be: npm's own words.</returns>
    public static async Task<(string Modules, string? Failure)> InstallAsync(string folder, CancellationToken ct)
    {
        var modules = Path.Combine(folder, "node_modules");
        var mark = Path.Combine(modules, ".installed");
        await Installing.WaitAsync(ct);
        try
        {
            var wanted = await File.ReadAllTextAsync(Path.Combine(folder, "package-lock.json"), ct);
            if (!File.Exists(mark) || await File.ReadAllTextAsync(mark, ct) != wanted)
            {
                var result = await Programs.RunAsync("npm", ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"], "", new Dictionary<string, string>(), ct);
                if (result.ExitCode != 0)
                {
                    return (modules, result.All);
                }

                await File.WriteAllTextAsync(mark, wanted, ct);
            }
        }
        finally
        {
            Installing.Release();
        }

        return (modules, null);
    }
}
