using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Tests.Storage;

public sealed class SqliteStorageTests : StorageConformance, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("flagstone-sqlite-").FullName;

    // One process holds a data folder.
    protected override int MaxProcesses => 1;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private protected override async Task<IReadOnlyList<KernelStore>> OpenAsync(int processes) =>
        [await KernelStore.OpenAsync(new SqliteDatabase(Path.Combine(folder, "flagstone.db")), Ct)];
}
