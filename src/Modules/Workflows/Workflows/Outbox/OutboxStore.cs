using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.Outbox;

/// <summary>Messages between executions as stored. Executions write them with their steps.</summary>
internal sealed class OutboxStore(PlatformDatabase database, LedgerWriter writer)
{
    /// <summary>The controller that the due index wakes.</summary>
    public const string Controller = "workflow-outbox";

    private const string Page = """
        SELECT run, kind, event, target, target_run, delivered FROM workflow_outbox WHERE namespace = @ns AND workflow = @workflow
        ORDER BY at, run, event, kind LIMIT @limit
        """;

    private const string One = "SELECT delivered FROM workflow_outbox WHERE run = @run AND kind = @kind AND event = @event";

    private const string AnyOfRun = "SELECT COUNT(*) FROM (SELECT 1 FROM workflow_outbox WHERE run = @run LIMIT 1) AS any_of_run";

    private const string PutMessage = """
        INSERT INTO workflow_outbox (run, kind, event, namespace, workflow, target, target_run, at, delivered)
        VALUES (@run, @kind, @event, @ns, @workflow, @target, @targetRun, @at, 0)
        """;

    private const string MarkMessage = "UPDATE workflow_outbox SET delivered = 1 WHERE run = @run AND kind = @kind AND event = @event";

    private const string DropMessage = "DELETE FROM workflow_outbox WHERE run = @run AND kind = @kind AND event = @event";

    private static readonly Actor Author = Actor.Controller("workflows");

    /// <summary>The messages of a workflow id's runs, in the order in which they were sent.</summary>
    public async Task<List<OutboxMessage>> ReadAsync(ExecutionKey key, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Page, ("ns", key.Namespace), ("workflow", key.WorkflowId), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var messages = new List<OutboxMessage>();
        while (await reader.ReadAsync(ct))
        {
            var message = new OutboxKey(reader.GetString(0), (OutboxKind)reader.GetInt64(1), reader.GetInt64(2));
            messages.Add(new OutboxMessage(message, reader.GetString(3), reader.GetString(4), reader.GetInt64(5) != 0));
        }

        return messages;
    }

    /// <summary>Whether the receiver of a message has committed what it asks; null when the message is no more.</summary>
    public async Task<bool?> IsDeliveredAsync(OutboxKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(One, Parameters(key));
        return await command.ExecuteScalarAsync(ct) is long delivered ? delivered != 0 : null;
    }

    /// <summary>Whether a run has messages that are not answered.</summary>
    public async Task<bool> IsSendingAsync(string runId, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(AnyOfRun, ("run", runId));
        return await command.ExecuteScalarAsync(ct) is long and > 0;
    }

    /// <summary>Removes a message that no step of an execution answers.</summary>
    public Task DropAsync(ExecutionKey sender, OutboxKey key, CancellationToken ct) =>
        writer.CommitAsync(new Unit { Actor = Author, Origin = "temporal", Background = true, Scope = $"workflow:{sender}", Sql = [Drop(key)] }, ct);

    public static SqlStatement Put(RunState sender, OutboxMessage message, DateTimeOffset at) => new(PutMessage, [
        .. Parameters(message.Key), ("ns", sender.Namespace), ("workflow", sender.WorkflowId), ("target", message.Target), ("targetRun", message.TargetRun),
        ("at", Micros.From(at))]);

    public static SqlStatement Mark(OutboxKey key) => new(MarkMessage, Parameters(key));

    public static SqlStatement Drop(OutboxKey key) => new(DropMessage, Parameters(key));

    private static (string Name, object? Value)[] Parameters(OutboxKey key) => [("run", key.RunId), ("kind", (long)key.Kind), ("event", key.EventId)];
}
