using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Nexus.Standalone;

/// <summary>An operation as stored, with the version of its id's commits.</summary>
internal sealed record StoredOperation(long Version, byte[] State);

/// <summary>Operations that clients started in the database. A step is one unit: state, what lists show, and wake-up.</summary>
internal sealed class StandaloneStore(PlatformDatabase database, LedgerWriter writer)
{
    /// <summary>The controller that the due index wakes.</summary>
    public const string Controller = "workflow-nexus-operation";

    private const string One = "SELECT version, state FROM workflow_nexus_operation WHERE namespace = @ns AND operation = @operation";

    private const string IsAbsent = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM workflow_nexus_operation WHERE namespace = @ns AND operation = @operation)";

    /// <summary>The run too: the versions of an id that was deleted begin anew.</summary>
    private const string IsVersion = """
        SELECT 1 FROM workflow_nexus_operation WHERE namespace = @ns AND operation = @operation AND version = @version AND run = @run
        """;

    private const string Put = """
        INSERT INTO workflow_nexus_operation (namespace, operation, run, version, state) VALUES (@ns, @operation, @run, @version, @state)
        ON CONFLICT (namespace, operation) DO UPDATE SET run = excluded.run, version = excluded.version, state = excluded.state
        """;

    private const string Drop = "DELETE FROM workflow_nexus_operation WHERE namespace = @ns AND operation = @operation";

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>The last operation of an id; null for none.</summary>
    public async Task<StoredOperation?> FindAsync(StandaloneKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(One, ("ns", key.Namespace), ("operation", key.OperationId));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new StoredOperation(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : null;
    }

    /// <summary>Commits a step. False when someone else has committed since the version was read.</summary>
    /// <param name="version">What the step was decided on; 0 for no operation of the id.</param>
    /// <param name="before">The operation that was there then; empty for none. Where the id is used again, it goes.</param>
    /// <param name="isShown">Whether what lists show is another thing.</param>
    public async Task<bool> CommitAsync(
        StandaloneKey key, long version, string before, StandaloneState state, byte[] body, DateTimeOffset? due, bool isShown, CancellationToken ct)
    {
        List<SqlStatement> sql =
        [
            new(Put, ("ns", key.Namespace), ("operation", key.OperationId), ("run", state.RunId), ("version", version + 1), ("state", body)),
        ];
        if (before.Length > 0 && before != state.RunId)
        {
            sql.AddRange(VisibilityRows.Remove(before));
        }

        if (isShown)
        {
            var operation = state.Operation;
            sql.AddRange(VisibilityRows.Entry(
                StandaloneKey.ListOf(key.Namespace), state.RunId, key.OperationId, operation.Operation, operation.Endpoint, operation.ScheduledAt,
                state.Request.SearchAttributes ?? new SearchAttributes(), StandaloneViews.Listed(state).ToByteArray(), StatusOf(state.Status), state.ClosedAt,
                operation.Service));
        }

        return await writer.CommitAsync(UnitOf(key, version, before, sql, new DueChange(Controller, key.ToString(), due)), ct) is Committed;
    }

    /// <summary>Deletes an operation. False when someone else has committed since the version was read.</summary>
    public async Task<bool> DeleteAsync(StandaloneKey key, long version, string run, CancellationToken ct)
    {
        List<SqlStatement> sql = [new(Drop, ("ns", key.Namespace), ("operation", key.OperationId)), .. VisibilityRows.Remove(run)];
        return await writer.CommitAsync(UnitOf(key, version, run, sql, new DueChange(Controller, key.ToString(), null)), ct) is Committed;
    }

    /// <summary>As the rows of runs have it, which lists ask by its name.</summary>
    private static WorkflowExecutionStatus StatusOf(NexusOperationExecutionStatus status) => System.Enum.Parse<WorkflowExecutionStatus>(status.ToString());

    private static Unit UnitOf(StandaloneKey key, long version, string run, IReadOnlyList<SqlStatement> sql, DueChange due) => new()
    {
        Actor = Author,
        Origin = "temporal",
        Guards = [new Guard("nexus-operation-version", version == 0
            ? new SqlStatement(IsAbsent, ("ns", key.Namespace), ("operation", key.OperationId))
            : new SqlStatement(IsVersion, ("ns", key.Namespace), ("operation", key.OperationId), ("run", run), ("version", version)))],
        Scope = $"nexus-operation:{key}",
        Sql = sql,
        Due = [due],
    };
}
