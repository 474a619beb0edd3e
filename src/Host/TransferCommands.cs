using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Storage;
using Flagstone.Platform.Transfer;
using Flagstone.Provisioning;
using Flagstone.Workflows;

namespace Flagstone.Host;

/// <summary><c>flagstone export FILE</c> and <c>flagstone import FILE</c>: over a stopped installation, with the server's own settings.</summary>
internal static class TransferCommands
{
    public static async Task RunAsync(CommandLine.Transfer command, PlatformOptions options, CancellationToken ct)
    {
        // Before the folder and the database are made, when they are not there: a refusal leaves nothing behind.
        if (command.Exports)
        {
            Archive.EnsureAbsent(command.File);
            if (!Directory.Exists(options.Data))
            {
                throw new ArchiveException($"There is no data folder '{options.Data}', so there is nothing to export. Name that of the installation with --data.");
            }
        }
        else
        {
            Archive.EnsureReadable(command.File);
        }

        using var folder = DataFolder.Open(options.Data);
        await using var database = PlatformModule.OpenDatabase(options, folder);
        await PlatformModule.MigrateAsync(database, [ProvisioningModule.Migrations, WorkflowsModule.Migrations], ct);
        var keys = new InstallationKeys(options, folder);
        var rows = command.Exports
            ? await Archive.ExportAsync(database, folder, keys, command.File, ct)
            : await Archive.ImportAsync(database, folder, keys, command.File, ct);
        Console.WriteLine($"{(command.Exports ? "Exported" : "Imported")} {rows} ledger rows {(command.Exports ? "to" : "from")} {command.File}. {About(options)}");
    }

    private static string About(PlatformOptions options) => options.SealingKeyFile.Length > 0 || options.LogKeyFile.Length > 0
        ? "The keys that settings name are not in the file: keep both."
        : "The file holds the keys: keep it as you keep them.";
}
