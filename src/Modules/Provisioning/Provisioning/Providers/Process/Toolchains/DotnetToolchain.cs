using System.Globalization;

namespace Flagstone.Provisioning.Providers.Process.Toolchains;

/// <summary>
/// .NET: the one project in the commit's folder, or in its <c>src</c>, is published with the packages of its lock file. A build runs what the
/// commit says, so the service's own user does it, and sees the packages that all share without being able to change them.
/// </summary>
internal sealed class DotnetToolchain(NuGetPackages packages) : IToolchain
{
    private const string Output = ".published";
    private const string Runtime = ".runtimeconfig.json";
    private const int MaxMessages = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["DOTNET_ENVIRONMENT"] = "Production", ["DOTNET_EnableDiagnostics"] = "0", ["HOME"] = "/tmp",
    };

    public bool Takes(string folder) => Programs(folder).Length > 0 || Projects(folder).Length > 0;

    public async Task<string?> InstallAsync(string folder, ServiceUser? user, CancellationToken ct)
    {
        if (Projects(folder) is not [var project])
        {
            return "The commit has more than one project in its folder, or in 'src', and which of them is the service cannot be told. Leave one there.";
        }

        var lockFile = Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json");
        if (!File.Exists(lockFile))
        {
            return $"The commit has no packages.lock.json beside {Path.GetFileName(project)}. Set RestorePackagesWithLockFile there, run 'dotnet restore' once and commit the file.";
        }

        if (DotnetSdk.Missing() is { } missing)
        {
            return missing;
        }

        if (await packages.FetchAsync(lockFile, ct) is { } problem)
        {
            return problem;
        }

        if (await PublishAsync(folder, Path.GetRelativePath(folder, project), user, ct) is { } failure)
        {
            return failure;
        }

        Replace(folder);
        return Programs(folder).Length == 1 ? null : $"'dotnet publish' of {Path.GetFileName(project)} made no program. Its OutputType is to be Exe.";
    }

    public (IReadOnlyList<string>? Command, string? Problem) Start(string folder, int heapMegabytes)
    {
        var program = Path.GetFileName(Programs(folder)[0]);
        var heap = string.Create(CultureInfo.InvariantCulture, $"DOTNET_GCHeapHardLimit=0x{heapMegabytes * 1024L * 1024L:x}");
        return (["env", heap, "dotnet", $"{program[..^Runtime.Length]}.dll"], null);
    }

    private async Task<string?> PublishAsync(string folder, string project, ServiceUser? user, CancellationToken ct)
    {
        await (user is null ? UnprivilegedUser.OwnAsync(Sandbox.User, folder, ct) : UnprivilegedUser.OwnAsync(user.Id, folder, ct));
        var (exit, output) = await Processes.RunAsync(
            Sandbox.Command(folder, new(packages.Folder, NuGetPackages.Seen, Writable: false), user,
            [
                "dotnet", "publish", project, "--configuration", "Release", "--output", $"/app/{Output}", "-p:RestoreLockedMode=true", "-p:NuGetAudit=false",
                "-p:UseSharedCompilation=false", "-nodeReuse:false", "-maxCpuCount:1", "--verbosity", "quiet", "--nologo",
            ], writable: true),
            "/", Limit, ct, NuGetPackages.Settings("/tmp/packages"));
        return exit == 0 ? null : $"dotnet publish failed: {ServiceInstaller.Tail(Errors(output))}";
    }

    /// <summary>Each error once, without those that only say that there were some.</summary>
    private static string Errors(string output)
    {
        var errors = output.Split('\n').Where(line => line.Contains(": error", StringComparison.Ordinal)).Select(line => line.Trim()).Distinct().Take(MaxMessages).ToList();
        return errors.Count > 0 ? string.Join('\n', errors) : output;
    }

    private static void Replace(string folder)
    {
        var (published, sources) = (Path.Combine(folder, Output), Directory.GetFileSystemEntries(folder).Where(entry => Path.GetFileName(entry) != Output));
        foreach (var entry in sources)
        {
            if (Directory.Exists(entry) && !new FileInfo(entry).Attributes.HasFlag(FileAttributes.ReparsePoint))
            {
                Directory.Delete(entry, recursive: true);
                continue;
            }

            File.Delete(entry);
        }

        foreach (var entry in Directory.GetFileSystemEntries(published))
        {
            Directory.Move(entry, Path.Combine(folder, Path.GetFileName(entry)));
        }

        Directory.Delete(published);
    }

    private static string[] Programs(string folder) => Directory.GetFiles(folder, $"*{Runtime}");

    private static string[] Projects(string folder)
    {
        var here = Directory.GetFiles(folder, "*.csproj");
        var source = Path.Combine(folder, "src");
        return here.Length > 0 || !Directory.Exists(source) ? here : Directory.GetFiles(source, "*.csproj");
    }
}
