using System.Text.Json.Nodes;

namespace Flagstone.Testing;

/// <summary>Packages of NuGet that this machine has already, for a platform that would fetch them.</summary>
public static class NuGetFolder
{
    /// <summary>Copies the packages of a lock file that the user's own cache has into the folder of a platform's .NET services.</summary>
    public static async Task FillAsync(RunningHost host, string lockFile, CancellationToken ct)
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var targets = JsonNode.Parse(await File.ReadAllTextAsync(lockFile, ct))!["dependencies"]!.AsObject();
#pragma warning disable CA1308 // As NuGet names the folders.
        var packages = targets.SelectMany(target => target.Value!.AsObject()).Select(package => $"{package.Key.ToLowerInvariant()}/{package.Value!["resolved"]}").Distinct();
#pragma warning restore CA1308
        var target = Path.Combine(host.Data, "nuget-cache");
        Directory.CreateDirectory(target);
        var there = packages.Where(package => Directory.Exists(Path.Combine(cache, package)));
        // The platform's own fetching leaves them so too: services' users read them.
        var copied = await Programs.RunAsync(
            "sh", ["-c", "from=$1; to=$2; shift 2; cd \"$from\" && cp -r --parents \"$@\" \"$to\" && chmod -R a+rX \"$to\"", "sh", cache, target, .. there], "",
            new Dictionary<string, string>(), ct);
        if (copied.ExitCode != 0)
        {
            throw new IOException(copied.All);
        }
    }
}
