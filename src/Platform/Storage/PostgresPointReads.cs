using System.Threading.Channels;
using Flagstone.Platform.Resources;
using Npgsql;
using NpgsqlTypes;

namespace Flagstone.Platform.Storage;

/// <summary>
/// Reads of single resources, those of many callers in one statement: a round trip costs far more than one more row does, and two
/// connections that are always busy serve more callers than many that wait for each other.
/// </summary>
internal sealed class PostgresPointReads : IAsyncDisposable
{
    private const int Loops = 2;
    private const int MaxBatch = 128;
    private const int MaxQueued = 4096;

    private const string ByKeys = """
        SELECT k.place, r.uid, r.version, r.body
        FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k(kind, namespace, name, place)
        JOIN resource r ON r.kind = k.kind AND r.namespace = k.namespace AND r.name = k.name
        """;

    private readonly NpgsqlDataSource source;
    private readonly Channel<Pending> queue = Channel.CreateBounded<Pending>(MaxQueued);
    private readonly Task loops;

    public PostgresPointReads(NpgsqlDataSource source)
    {
        this.source = source;
        loops = Task.WhenAll(Enumerable.Range(0, Loops).Select(_ => Task.Run(LoopAsync)));
    }

    public async ValueTask<StoredRow?> FindAsync(ResourceKey key, CancellationToken ct)
    {
        var pending = new Pending(key);
        await queue.Writer.WriteAsync(pending, ct);
        return await pending.Found.Task.WaitAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loops;
    }

    private async Task LoopAsync()
    {
        var batch = new List<Pending>(MaxBatch);
        while (await queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MaxBatch && queue.Reader.TryRead(out var next))
            {
                batch.Add(next);
            }

            if (batch.Count > 0)
            {
                await AnswerAsync(batch);
            }
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Any failure is the callers' answer; the loop itself must go on.")]
    private async Task AnswerAsync(List<Pending> batch)
    {
        try
        {
            var found = await ReadAsync(batch);
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Found.TrySetResult(found[i]);
            }
        }
        catch (Exception e)
        {
            batch.ForEach(p => p.Found.TrySetException(e));
        }
    }

    private async Task<StoredRow?[]> ReadAsync(List<Pending> batch)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(ByKeys, connection);
        Add(command, batch, p => p.Key.Kind.ToString());
        Add(command, batch, p => p.Key.Namespace);
        Add(command, batch, p => p.Key.Name);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new StoredRow?[batch.Count];
        while (await reader.ReadAsync())
        {
            found[reader.GetInt64(0) - 1] = new StoredRow(reader.GetString(1), reader.GetInt64(2), reader.GetFieldValue<byte[]>(3));
        }

        return found;
    }

    private static void Add(NpgsqlCommand command, List<Pending> batch, Func<Pending, string> column) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = batch.Select(column).ToArray() });

    private sealed record Pending(ResourceKey Key)
    {
        public TaskCompletionSource<StoredRow?> Found { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
