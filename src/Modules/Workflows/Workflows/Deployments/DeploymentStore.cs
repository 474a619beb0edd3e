using System.Globalization;
using System.Security.Cryptography;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Versioning;
using Flagstone.Workflows.Visibility;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Deployments;

/// <summary>A deployment as stored, with the version of its commits.</summary>
internal sealed record StoredDeployment(long Version, byte[] State);

/// <summary>A step of a deployment beside its state.</summary>
/// <param name="Verb">What was done, for the ledger; empty for what the server did by itself.</param>
/// <param name="Reason">Why, for the ledger.</param>
/// <param name="Actor">Who did it, as the ledger names them; empty for the server itself.</param>
/// <param name="Due">When it is to be looked at next; null for never.</param>
internal sealed record DeploymentStep(string Verb, string Reason, string Actor, DateTimeOffset? Due);

/// <summary>Deployments in the database. A step is one unit: state, queues, what queues ask of, and the ledger's row.</summary>
internal sealed class DeploymentStore(PlatformDatabase database, LedgerWriter writer)
{
    /// <summary>The controller that the due index wakes.</summary>
    public const string Controller = "workflow-deployment";

    public const int MaxPage = 100;

    /// <summary>As many may a namespace have, as with Temporal's server.</summary>
    public const int MaxDeployments = 100;

    private const string One = "SELECT version, state FROM workflow_deployment WHERE namespace = @ns AND deployment = @deployment";

    private const string Page = """
        SELECT state FROM workflow_deployment WHERE namespace = @ns AND deployment > @after ORDER BY deployment LIMIT @limit
        """;

    private const string Count = "SELECT COUNT(*) FROM workflow_deployment WHERE namespace = @ns";

    private const string OfQueue = """
        SELECT q.deployment, q.build, d.current_version, d.current_at, d.ramping_version, d.percentage, d.ramping_at
        FROM workflow_deployment_queue q JOIN workflow_deployment d ON d.namespace = q.namespace AND d.deployment = q.deployment
        WHERE q.namespace = @ns AND q.queue = @queue AND q.kind = @kind
        """;

    private const string QueuesOf = """
        SELECT queue FROM workflow_deployment_queue WHERE namespace = @ns AND kind = @kind AND deployment = @deployment AND build = @build
        """;

    /// <summary>A run that is pinned has its version among its build ids.</summary>
    private const string IsPinnedTo = """
        SELECT 1 FROM workflow_attribute
        WHERE namespace = @ns AND name = 'BuildIds' AND kind = @kind AND value = @value AND close_at = @open LIMIT 1
        """;

    private const string IsAbsent = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM workflow_deployment WHERE namespace = @ns AND deployment = @deployment)";

    private const string IsVersion = "SELECT 1 FROM workflow_deployment WHERE namespace = @ns AND deployment = @deployment AND version = @version";

    private const string Put = """
        INSERT INTO workflow_deployment (namespace, deployment, version, current_version, current_at, ramping_version, percentage, ramping_at, state)
        VALUES (@ns, @deployment, @version, @current, @currentat, @ramping, @percentage, @rampingat, @state)
        ON CONFLICT (namespace, deployment) DO UPDATE SET version = excluded.version, current_version = excluded.current_version,
          current_at = excluded.current_at, ramping_version = excluded.ramping_version, percentage = excluded.percentage,
          ramping_at = excluded.ramping_at, state = excluded.state
        """;

    private const string PutQueue = """
        INSERT INTO workflow_deployment_queue (namespace, queue, kind, deployment, build) VALUES (@ns, @queue, @kind, @deployment, @build)
        ON CONFLICT (namespace, queue, kind, deployment, build) DO NOTHING
        """;

    private const string DropQueues = "DELETE FROM workflow_deployment_queue WHERE namespace = @ns AND deployment = @deployment AND build = @build";

    private const string Drop = "DELETE FROM workflow_deployment WHERE namespace = @ns AND deployment = @deployment";

    private const string DropAll = "DELETE FROM workflow_deployment WHERE namespace = @ns";

    private const string DropAllQueues = "DELETE FROM workflow_deployment_queue WHERE namespace = @ns";

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>As the ledger names deployments; they are no resources. The name is the uid.</summary>
    private static readonly KindId Kind = new("workflowdeployments", "workflows.flagstone.dev");

    /// <summary>A deployment; null for none.</summary>
    public async Task<StoredDeployment?> FindAsync(DeploymentKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(One, ("ns", key.Namespace), ("deployment", key.Name));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new StoredDeployment(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : null;
    }

    /// <summary>A namespace's deployments, by name.</summary>
    /// <param name="after">The last one of the page before; empty for the first page.</param>
    public async Task<List<DeploymentState>> ListAsync(string ns, string after, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Page, ("ns", ns), ("after", after), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<DeploymentState>();
        while (await reader.ReadAsync(ct))
        {
            found.Add(StateCodec.Read<DeploymentState>(reader.GetFieldValue<byte[]>(0)));
        }

        return found;
    }

    public async Task<long> CountAsync(string ns, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Count, ("ns", ns));
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }

    /// <summary>Where the tasks of a queue go.</summary>
    public async Task<QueueRouting> RoutingAsync(TaskQueueKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(OfQueue, ("ns", key.Namespace), ("queue", key.Name), ("kind", (long)key.Kind));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<DeployedQueue>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new DeployedQueue(
                new WorkerVersion(reader.GetString(0), reader.GetString(1)).ToString(), Text(2), Number(3), Text(4),
                (float)Convert.ToDouble(reader.GetValue(5), CultureInfo.InvariantCulture), Number(6)));
        }

        return QueueRouting.Of(rows);

        string? Text(int at) => reader.IsDBNull(at) ? null : reader.GetString(at);

        long Number(int at) => reader.IsDBNull(at) ? 0 : reader.GetInt64(at);
    }

    /// <summary>The queues of a kind that the workers of a version have polled.</summary>
    public async Task<HashSet<string>> QueuesAsync(string ns, WorkerVersion version, TaskKind kind, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            QueuesOf, ("ns", ns), ("kind", (long)kind), ("deployment", version.Deployment), ("build", version.BuildId));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            found.Add(reader.GetString(0));
        }

        return found;
    }

    /// <summary>Whether a workflow is open that is pinned to a version.</summary>
    public async Task<bool> IsPinnedToAsync(string ns, WorkerVersion version, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            IsPinnedTo, ("ns", ns), ("kind", (long)IndexedValueType.KeywordList), ("value", VersioningAttributes.PinnedTo(version.ToString())),
            ("open", VisibilityRows.Open));
        return await command.ExecuteScalarAsync(ct) is not null;
    }

    /// <summary>Commits a step. False when someone else has committed since the version was read.</summary>
    /// <param name="version">What the step was decided on; 0 for no deployment.</param>
    /// <param name="before">The deployment as it was then; null for none.</param>
    public async Task<bool> CommitAsync(
        DeploymentKey key, long version, DeploymentState? before, DeploymentState state, DeploymentStep step, CancellationToken ct)
    {
        List<SqlStatement> sql =
        [
            new(Put, ("ns", key.Namespace), ("deployment", key.Name), ("version", version + 1), ("current", Column(state, state.Current)),
                ("currentat", At(state.CurrentAt)), ("ramping", Column(state, state.Ramping)), ("percentage", (double)state.Percentage),
                ("rampingat", At(state.RampingAt)), ("state", StateCodec.Write(state))),
        ];
        foreach (var gone in before?.Versions.Keys.Except(state.Versions.Keys) ?? [])
        {
            sql.Add(new SqlStatement(DropQueues, ("ns", key.Namespace), ("deployment", key.Name), ("build", gone)));
        }

        foreach (var (build, one) in state.Versions)
        {
            foreach (var queue in one.Queues.Except(before?.Versions.GetValueOrDefault(build)?.Queues ?? []))
            {
                sql.Add(new SqlStatement(
                    PutQueue, ("ns", key.Namespace), ("queue", queue.Name), ("kind", (long)queue.Kind), ("deployment", key.Name), ("build", build)));
            }
        }

        return await writer.CommitAsync(UnitOf(key, version, state, step, sql), ct) is Committed;
    }

    /// <summary>Deletes a deployment without versions. False when someone else has committed since the version was read.</summary>
    public async Task<bool> DeleteAsync(DeploymentKey key, long version, DeploymentState state, DeploymentStep step, CancellationToken ct) =>
        await writer.CommitAsync(
            UnitOf(key, version, state, step, [new SqlStatement(Drop, ("ns", key.Namespace), ("deployment", key.Name))]), ct) is Committed;

    /// <summary>Deletes the deployments of a namespace that is gone.</summary>
    public Task DropAllAsync(string ns, CancellationToken ct) => writer.CommitAsync(
        new Unit
        {
            Actor = Author, Origin = "temporal", Background = true, Scope = $"deployments:{ns}",
            Sql = [new SqlStatement(DropAll, ("ns", ns)), new SqlStatement(DropAllQueues, ("ns", ns))],
        }, ct);

    private static string? Column(DeploymentState state, string? build) => build is { Length: > 0 } ? state.VersionOf(build).ToString() : build;

    private static long? At(DateTimeOffset? time) => time is { } at ? Micros.From(at) : null;

    private static Unit UnitOf(DeploymentKey key, long version, DeploymentState state, DeploymentStep step, IReadOnlyList<SqlStatement> sql) => new()
    {
        Actor = step.Actor.Length > 0 ? new Actor(step.Actor) : Author,
        Origin = "temporal",
        Notes = step.Verb.Length == 0 ? []
            : [new LedgerNote(new ResourceKey(Kind, key.Namespace, state.Uid), step.Verb, Convert.ToHexStringLower(SHA256.HashData(StateCodec.Write(state))))],
        Reason = step.Verb.Length == 0 ? "" : step.Reason,
        Guards = [new Guard("deployment-version", version == 0
            ? new SqlStatement(IsAbsent, ("ns", key.Namespace), ("deployment", key.Name))
            : new SqlStatement(IsVersion, ("ns", key.Namespace), ("deployment", key.Name), ("version", version)))],
        Scope = $"deployment:{key}",
        Sql = sql,
        Due = [new DueChange(Controller, key.ToString(), step.Due)],
    };
}
