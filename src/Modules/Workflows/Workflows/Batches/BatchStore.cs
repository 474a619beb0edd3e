using System.Security.Cryptography;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Google.Protobuf;

namespace Flagstone.Workflows.Batches;

/// <summary>A job as stored, with the version of its commits.</summary>
internal sealed record StoredBatch(long Version, byte[] State);

/// <summary>Batch jobs in the database. A step is one unit: state and wake-up.</summary>
internal sealed class BatchStore(PlatformDatabase database, LedgerWriter writer)
{
    /// <summary>The controller that the due index wakes.</summary>
    public const string Controller = "workflow-batch";

    public const int MaxPage = 100;

    private const string One = "SELECT version, state FROM workflow_batch WHERE namespace = @ns AND job = @job";

    private const string Page = """
        SELECT state FROM workflow_batch WHERE namespace = @ns AND (start_at, job) < (@at, @after) ORDER BY start_at DESC, job DESC LIMIT @limit
        """;

    private const string CountOpen = "SELECT COUNT(*) FROM workflow_batch WHERE namespace = @ns AND close_at IS NULL";

    private const string IsAbsent = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM workflow_batch WHERE namespace = @ns AND job = @job)";

    private const string IsVersion = "SELECT 1 FROM workflow_batch WHERE namespace = @ns AND job = @job AND version = @version";

    private const string Put = """
        INSERT INTO workflow_batch (namespace, job, version, start_at, close_at, state) VALUES (@ns, @job, @version, @start, @close, @state)
        ON CONFLICT (namespace, job) DO UPDATE SET version = excluded.version, close_at = excluded.close_at, state = excluded.state
        """;

    private const string DropAll = "DELETE FROM workflow_batch WHERE namespace = @ns";

    private const string DropOld = "DELETE FROM workflow_batch WHERE namespace = @ns AND close_at < @before";

    /// <summary>How long a job is kept that is over.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>As the ledger names jobs; they are no resources. The name is the uid.</summary>
    private static readonly KindId Kind = new("workflowbatches", "workflows.flagstone.dev");

    /// <summary>A job; null for none.</summary>
    public async Task<StoredBatch?> FindAsync(BatchKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(One, ("ns", key.Namespace), ("job", key.JobId));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new StoredBatch(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : null;
    }

    /// <summary>A namespace's jobs, the last to start first.</summary>
    /// <param name="after">Where the page before ended; null for the first page.</param>
    public async Task<List<BatchState>> ListAsync(string ns, (long StartAt, string JobId)? after, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            Page, ("ns", ns), ("at", after?.StartAt ?? long.MaxValue), ("after", after?.JobId ?? ""), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var jobs = new List<BatchState>();
        while (await reader.ReadAsync(ct))
        {
            jobs.Add(StateCodec.Read<BatchState>(reader.GetFieldValue<byte[]>(0)));
        }

        return jobs;
    }

    /// <summary>How many jobs of a namespace are not over.</summary>
    public async Task<long> CountOpenAsync(string ns, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(CountOpen, ("ns", ns));
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Commits a step. False when someone else has committed since the version was read.</summary>
    /// <param name="version">What the step was decided on; 0 for no job.</param>
    /// <param name="verb">What was done, for the ledger: <c>create</c> or <c>stop</c>; empty for the job's own steps.</param>
    /// <param name="reason">Why, for the ledger.</param>
    public async Task<bool> CommitAsync(
        BatchKey key, long version, BatchState job, DateTimeOffset? due, string verb, string reason, string actor, CancellationToken ct)
    {
        var start = Micros.From(job.StartedAt);
        List<SqlStatement> sql =
        [
            new(Put, ("ns", key.Namespace), ("job", key.JobId), ("version", version + 1), ("start", start),
                ("close", job.ClosedAt is { } closed ? Micros.From(closed) : null), ("state", StateCodec.Write(job))),
        ];
        if (version == 0)
        {
            sql.Add(new SqlStatement(DropOld, ("ns", key.Namespace), ("before", Micros.From(job.StartedAt - Kept))));
        }

        return await writer.CommitAsync(
            new Unit
            {
                Actor = actor.Length > 0 ? new Actor(actor) : Author,
                Origin = "temporal",
                Notes = verb.Length == 0 ? [] : [new LedgerNote(new ResourceKey(Kind, key.Namespace, job.Uid), verb, DigestOf(job))],
                Reason = verb.Length == 0 ? "" : $"{reason}; batch {BatchRules.TypeOf(job.Request)} {key.JobId}",
                Guards = [new Guard("batch-version", version == 0
                    ? new SqlStatement(IsAbsent, ("ns", key.Namespace), ("job", key.JobId))
                    : new SqlStatement(IsVersion, ("ns", key.Namespace), ("job", key.JobId), ("version", version)))],
                // A new job takes old ones away.
                Scope = $"batches:{key.Namespace}",
                Sql = sql,
                // A turn's wake-up stands until the next one's time is set behind it: one that is written here would keep the earlier of both.
                Due = due is null && job.IsRunning ? [] : [new DueChange(Controller, key.ToString(), due)],
            }, ct) is Committed;
    }

    /// <summary>Deletes the jobs of a namespace that is gone.</summary>
    public Task DropAllAsync(string ns, CancellationToken ct) => writer.CommitAsync(
        new Unit { Actor = Author, Origin = "temporal", Background = true, Scope = $"batches:{ns}", Sql = [new SqlStatement(DropAll, ("ns", ns))] }, ct);

    /// <summary>Of what was asked.</summary>
    private static string DigestOf(BatchState job) => Convert.ToHexStringLower(SHA256.HashData(job.Request.ToByteArray()));
}
