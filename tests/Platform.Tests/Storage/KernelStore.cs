using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Kinds;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flagstone.Platform.Tests.Storage;

/// <summary>The kernel's storage of one process: a writer, a tail and the readers, over a database that other processes may share.</summary>
internal sealed class KernelStore : IAsyncDisposable
{
    public static readonly KindId Widgets = new("widgets", "example.com");

    private static readonly byte[] SealingKey = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private KernelStore(PlatformDatabase database)
    {
        Database = database;
        Kinds = new KindRegistry(CoreKinds.All().Append(new KindDefinition { Id = Widgets, Kind = "Widget", Version = "v1" }));
        var sealer = new Sealer(SealingKey);
        Reader = new LedgerReader(database, sealer, Kinds);
        Tail = new LedgerTail(database, Reader, TimeProvider.System, NullLogger<LedgerTail>.Instance);
        Writer = new LedgerWriter(database, Tail, sealer, TimeProvider.System, NullLogger<LedgerWriter>.Instance);
        Resources = new ResourceStore(database, sealer, Kinds);
        Compaction = new Compaction(database, Writer);
        Signer = new NoteSigner("test.example/log", SealingKey);
        Log = new TransparencyLog(database, Signer);
    }

    public PlatformDatabase Database { get; }

    public KindRegistry Kinds { get; }

    public LedgerReader Reader { get; }

    public LedgerTail Tail { get; }

    public LedgerWriter Writer { get; }

    public ResourceStore Resources { get; }

    public Compaction Compaction { get; }

    public NoteSigner Signer { get; }

    public TransparencyLog Log { get; }

    public static async Task<KernelStore> OpenAsync(PlatformDatabase database, CancellationToken ct)
    {
        await Migrator.ApplyAsync(database, [new MigrationSource("kernel", typeof(PlatformModule).Assembly)], ct);
        var store = new KernelStore(database);
        await store.Tail.StartAsync(ct);
        await store.Writer.StartAsync(ct);
        await store.Tail.Started.WaitAsync(ct);
        return store;
    }

    public static ResourceKey Widget(string name) => new(Widgets, "default", name);

    public static ResourceWrite Create(ResourceKey key, string spec = "1", string? labels = null, string kind = "Widget", bool isSealed = false) =>
        Write(key, "create", 0, Uid(key), spec, labels, kind, isSealed);

    public static ResourceWrite Update(ResourceKey key, long expected, string spec, string? labels = null) =>
        Write(key, "update", expected, Uid(key), spec, labels, "Widget", false);

    public static ResourceWrite Delete(ResourceKey key, long expected) =>
        Write(key, "delete", expected, Uid(key), "gone", null, "Widget", false) with { Deletes = true };

    public static Unit Unit(params ResourceWrite[] writes) => new() { Actor = new Actor("u-test"), Origin = "api", Writes = writes };

    public Task<CommitOutcome> CommitAsync(params ResourceWrite[] writes) => Writer.CommitAsync(Unit(writes), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Writer.StoppedAsync(CancellationToken.None);
        await Tail.StoppedAsync(CancellationToken.None);
        Writer.Dispose();
        Tail.Dispose();
        Signer.Dispose();
        await Database.DisposeAsync();
    }

    private static string Uid(ResourceKey key) => $"uid-{key.Namespace}-{key.Name}";

    private static ResourceWrite Write(ResourceKey key, string verb, long expected, string uid, string spec, string? labels, string kind, bool isSealed) => new()
    {
        Key = key,
        Verb = verb,
        Expected = expected,
        Uid = uid,
        Labels = labels,
        Sealed = isSealed,
        Body = ResourceBody.From(new JsonObject
        {
            ["apiVersion"] = "example.com/v1",
            ["kind"] = kind,
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["uid"] = uid },
            ["spec"] = spec,
        }),
    };
}
