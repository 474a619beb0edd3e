using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Storage;
using Flagstone.Platform.Transfer;
using Flagstone.Provisioning;

namespace Flagstone.Host;

/// <summary><c>flagstone export FILE</c> and <c>flagstone import FILE</c>: over a stopped installation, with the server's own settings.</summary>
internal static class TransferCommands
{
    public static bool IsOne(string[] args) => args is ["export" or "import", ..];

    public static async Task<int> RunAsync(string[] args, PlatformOptions options, DataFolder folder, CancellationToken ct)
    {
        if (args is not [var verb, { Length: > 0 } file, ..] || file.StartsWith("--", StringComparison.Ordinal))
        {
            await Console.Error.WriteLineAsync($"flagstone {args[0]}: name a file: flagstone {args[0]} FILE --data DIR [--database URL]");
            return 2;
        }

        await using var database = PlatformModule.OpenDatabase(options, folder);
        await PlatformModule.MigrateAsync(database, [ProvisioningModule.Migrations], ct);
        var keys = new InstallationKeys(options, folder);
        var rows = verb == "export"
            ? await Archive.ExportAsync(database, folder, keys, file, ct)
            : await Archive.ImportAsync(database, folder, keys, file, ct);
        Console.WriteLine($"{(verb == "export" ? "Exported" : "Imported")} {rows} ledger rows {(verb == "export" ? "to" : "from")} {file}. {About(options)}");
        return 0;
    }

    private static string About(PlatformOptions options) => options.SealingKeyFile.Length > 0 || options.LogKeyFile.Length > 0
        ? "The keys that settings name are not in the file: keep both."
        : "The file holds the keys: keep it as you keep them.";
}
