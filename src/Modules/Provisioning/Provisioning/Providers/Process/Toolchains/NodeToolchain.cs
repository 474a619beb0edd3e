using System.Globalization;
using Flagstone.Platform.Data;

namespace Flagstone.Provisioning.Providers.Process.Toolchains;

/// <summary>Node.js: packages by <c>npm ci</c>, whose cache all services share.</summary>
internal sealed class NodeToolchain(DataFolder data) : IToolchain
{
    private const string Package = "package.json";
    private const string CacheSeen = "/npm-cache";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string> { ["NODE_ENV"] = "production", ["HOME"] = "/tmp" };

    public bool Takes(string folder) => File.Exists(Path.Combine(folder, Package));

    public async Task<string?> InstallAsync(string folder, ServiceUser? user, CancellationToken ct)
    {
        if (!File.Exists(Path.Combine(folder, "package-lock.json")))
        {
            return "The commit has no package-lock.json, which 'npm ci' needs. Run 'npm install' once and commit the file.";
        }

        var cache = data.In("npm-cache");
        Directory.CreateDirectory(cache);
        // Packages are installed by nobody, whose cache all share: no code of theirs runs meanwhile.
        await UnprivilegedUser.OwnAsync(Sandbox.User, folder, ct);
        await UnprivilegedUser.OwnAsync(Sandbox.User, cache, ct);
        var (exit, output) = await Processes.RunAsync(
            Sandbox.Command(
                folder, new(cache, CacheSeen, Writable: true), null, ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--prefer-offline"], writable: true), "/", Limit, ct,
            new Dictionary<string, string> { ["HOME"] = "/tmp", ["npm_config_cache"] = CacheSeen, ["npm_config_update_notifier"] = "false", ["NODE_ENV"] = "production" });
        return exit == 0 ? null : $"npm ci failed: {ServiceInstaller.Tail(output)}";
    }

    public (IReadOnlyList<string>? Command, string? Problem) Start(string folder, int heapMegabytes)
    {
        var (arguments, problem) = NodeEntry.Of(File.ReadAllText(Path.Combine(folder, Package)));
        return arguments is null ? (null, problem) : (["node", $"--max-old-space-size={heapMegabytes.ToString(CultureInfo.InvariantCulture)}", .. arguments], null);
    }
}
