using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Flagstone.Platform.Data;

namespace Flagstone.Provisioning.Providers.Process.Toolchains;

/// <summary>
/// The packages of all .NET services, in <c>DIR/nuget-cache</c>, laid out as NuGet does. They are fetched by the lock file alone: nothing of the
/// commit runs that could change a package which others use. A build has the folder to read only, and checks what it takes against its lock file.
/// </summary>
internal sealed partial class NuGetPackages(DataFolder data) : IDisposable
{
    /// <summary>Where sandboxes see the folder.</summary>
    public const string Seen = "/nuget";

    private const int MaxPackages = 500;
    private const long MaxLockFile = 4 * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim fetching = new(1, 1);

    public string Folder => data.In("nuget-cache");

    /// <summary>The environment of <c>dotnet</c> in a sandbox.</summary>
    /// <param name="own">Where it puts packages that it does not have.</param>
    public static Dictionary<string, string> Settings(string own) => new()
    {
        ["HOME"] = "/tmp", ["DOTNET_CLI_HOME"] = "/tmp", ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["DOTNET_NOLOGO"] = "1", ["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "0",
        ["NUGET_PACKAGES"] = own, ["NUGET_FALLBACK_PACKAGES"] = own == Seen ? "" : Seen,
        // A machine without a way to the lists of revoked certificates could install nothing; the lock file says what a package has in it.
        ["NUGET_CERT_REVOCATION_MODE"] = "offline",
    };

    /// <summary>Fetches what is not there yet; returns what is wrong, or null.</summary>
    public async Task<string?> FetchAsync(string lockFile, CancellationToken ct)
    {
        if (new FileInfo(lockFile).Length > MaxLockFile)
        {
            return $"packages.lock.json is larger than {MaxLockFile} bytes";
        }

        var (packages, problem) = Read(await File.ReadAllTextAsync(lockFile, ct));
        if (packages is null)
        {
            return problem;
        }

        Directory.CreateDirectory(Folder);
        // Whoever builds a service reads it.
        File.SetUnixFileMode(Folder, (UnixFileMode)0b111_101_101);
        await fetching.WaitAsync(ct);
        try
        {
            var missing = packages.Where(package => !File.Exists(Path.Combine(Folder, package.Id, package.Version, ".nupkg.metadata"))).ToList();
            return missing.Count == 0 ? null : await FetchAsync(missing, ct);
        }
        finally
        {
            fetching.Release();
        }
    }

    public void Dispose() => fetching.Dispose();

    /// <summary>The packages of a lock file, each once, in small letters as their folders are named.</summary>
    public static (IReadOnlyList<(string Id, string Version)>? Packages, string? Problem) Read(string lockFile)
    {
        JsonObject? targets;
        try
        {
            targets = JsonNode.Parse(lockFile)?["dependencies"] as JsonObject;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (null, $"packages.lock.json is not JSON: {e.Message}");
        }

        List<(string Id, string Version)> packages = [];
        foreach (var (id, package) in (targets ?? []).SelectMany(target => target.Value as JsonObject ?? []))
        {
            if (package?["resolved"]?.ToString() is not { } version)
            {
                // A project of the commit itself.
                continue;
            }

            if (!Name().IsMatch(id) || !Name().IsMatch(version))
            {
                return (null, $"packages.lock.json names the package '{id}' in version '{version}', which is no name of a package and a version");
            }

            packages.Add((Lower(id), Lower(version)));
        }

        packages = [.. packages.Distinct()];
        return packages.Count <= MaxPackages ? (packages, null) : (null, $"packages.lock.json has {packages.Count} packages; at most {MaxPackages} are taken");
    }

    private async Task<string?> FetchAsync(IReadOnlyList<(string Id, string Version)> missing, CancellationToken ct)
    {
        // What a killed process left is written over.
        var work = Directory.CreateDirectory(Path.Combine(Folder, ".fetch")).FullName;
        await File.WriteAllTextAsync(Path.Combine(work, "fetch.csproj"), Project(missing), ct);
        await UnprivilegedUser.OwnAsync(Sandbox.User, Folder, ct);
        // Others read what it writes.
        const string Restore = "umask 022; exec dotnet restore fetch.csproj --verbosity quiet -p:NuGetAudit=false -nodeReuse:false";
        var (exit, output) = await Processes.RunAsync(
            Sandbox.Command(work, new(Folder, Seen, Writable: true), null, ["sh", "-c", Restore], writable: true), "/", Limit, ct, Settings(Seen));
        return exit == 0 ? null : $"The packages of packages.lock.json cannot be fetched: {ServiceInstaller.Tail(output)}";
    }

    private static string Project(IEnumerable<(string Id, string Version)> packages) => new XElement(
        "Project", new XAttribute("Sdk", "Microsoft.NET.Sdk"),
        new XElement("PropertyGroup", new XElement("TargetFramework", "net10.0"), new XElement("UseAppHost", "false")),
        new XElement("ItemGroup", packages.Select(p => new XElement("PackageDownload", new XAttribute("Include", p.Id), new XAttribute("Version", $"[{p.Version}]"))))).ToString();

#pragma warning disable CA1308 // NuGet names the folders of packages in small letters.
    private static string Lower(string text) => text.ToLowerInvariant();
#pragma warning restore CA1308

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    private static partial Regex Name();
}
