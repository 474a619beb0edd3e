using LibGit2Sharp;

namespace Flagstone.Catalog.Repositories;

/// <summary>The folder that holds the bare repositories, and how each is set up.</summary>
internal sealed class RepositoryFolder
{
    /// <summary>The largest pack that a push may bring, 64 MB: the source of a service, not its artifacts.</summary>
    public const long MaxPackBytes = 64L << 20;

    // Names that no repository can have.
    private const string HomeFolder = ".home";
    internal const string NewFolder = ".new";
    private const string ArchiveFolder = ".archived";

    private static readonly (string Key, string Value)[] Configuration =
    [
        // No hook of any repository runs, whatever is found in its folder.
        ("core.hooksPath", "/dev/null"),
        ("core.logAllRefUpdates", "true"),

        // What Git acknowledges is on disk, also after a power cut.
        ("core.fsync", "all"),

        // A push and the platform may meet at a branch; each waits for the other rather than fail.
        ("core.filesRefLockTimeout", "5000"),
        ("transfer.fsckObjects", "true"),
        ("http.receivepack", "true"),
        ("receive.maxInputSize", MaxPackBytes.ToString(System.Globalization.CultureInfo.InvariantCulture)),

        // History is evidence: a branch only grows. Git has this for all branches or none.
        ("receive.denyNonFastForwards", "true"),

        // It would run on in the background after the push is answered.
        ("receive.autogc", "false"),
        ("gc.auto", "0"),
    ];

    private static readonly Lock Isolation = new();

    public RepositoryFolder(string root)
    {
        Root = Path.GetFullPath(root);
        Directory.CreateDirectory(EmptyHome);
        Directory.CreateDirectory(Path.Combine(Root, NewFolder));
        IsolateLibrary(EmptyHome);
    }

    public string Root { get; }

    public string EmptyHome => Path.Combine(Root, HomeFolder);

    public string PathOf(RepositoryName name) => Path.Combine(Root, $"{name.Value}.git");

    public bool Exists(RepositoryName name) => Directory.Exists(PathOf(name));

    public IReadOnlyList<RepositoryName> List() =>
    [
        .. Directory.EnumerateDirectories(Root, "*.git")
            .Select(path => RepositoryName.TryParse(Path.GetFileNameWithoutExtension(path), out var name) ? name : (RepositoryName?)null)
            .OfType<RepositoryName>()
            .OrderBy(name => name.Value, StringComparer.Ordinal),
    ];

    /// <summary>Made elsewhere and moved into place, so that a stop at any instant leaves a whole repository or none.</summary>
    public void CreateIfAbsent(RepositoryName name)
    {
        if (Exists(name))
        {
            return;
        }

        var made = Path.Combine(Root, NewFolder, Guid.CreateVersion7().ToString("N"));
        Repository.Init(made, isBare: true);
        using (var repository = new Repository(made))
        {
            foreach (var (key, value) in Configuration)
            {
                repository.Config.Set(key, value, ConfigurationLevel.Local);
            }
        }

        File.WriteAllText(Path.Combine(made, "HEAD"), $"ref: {BranchName.Main.Reference}\n");
        Place(made, name);
    }

    /// <summary>
    /// Puts a repository aside as <c>.archived/NAME-LABEL.git</c>. Done again with the same label it does nothing: a repository that has come
    /// by the name since is another's.
    /// </summary>
    public void Archive(RepositoryName name, string label)
    {
        var target = Path.Combine(Root, ArchiveFolder, $"{name.Value}-{label}.git");
        if (!Exists(name) || Directory.Exists(target))
        {
            return;
        }

        Directory.CreateDirectory(Path.Combine(Root, ArchiveFolder));
        Directory.Move(PathOf(name), target);
    }

    private void Place(string made, RepositoryName name)
    {
        try
        {
            Directory.Move(made, PathOf(name));
        }
        catch (IOException) when (Exists(name))
        {
            // Somebody else made it at the same time; theirs is as good.
            Directory.Delete(made, recursive: true);
        }
    }

    // The library would read the configuration of the machine and of the user, and would not wait for the disk.
    private static void IsolateLibrary(string home)
    {
        lock (Isolation)
        {
            var settings = Path.Combine(home, "library");
            Directory.CreateDirectory(settings);
            File.WriteAllText(Path.Combine(settings, ".gitconfig"), "[core]\n\tfsyncObjectFiles = true\n");
            GlobalSettings.SetConfigSearchPaths(ConfigurationLevel.Global, settings);
            GlobalSettings.SetConfigSearchPaths(ConfigurationLevel.Xdg, settings);
            GlobalSettings.SetConfigSearchPaths(ConfigurationLevel.System, settings);
            GlobalSettings.SetConfigSearchPaths(ConfigurationLevel.ProgramData, settings);
        }
    }
}
