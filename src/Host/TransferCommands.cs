using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Storage;
using Flagstone.Platform.Transfer;

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
        await PlatformModule.MigrateAsync(database, ct);
        var rows = verb == "export"
            ? await Archive.ExportAsync(database, folder, file, ct)
            : await Archive.ImportAsync(database, folder, file, ct);
        Console.WriteLine($"{(verb == "export" ? "Exported" : "Imported")} {rows} ledger rows {(verb == "export" ? "to" : "from")} {file}. The file holds the keys: keep it as you keep them.");
        return 0;
    }
}
