using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Versioning;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Visibility;

/// <summary>The rows by which a run is found, as part of the step that changes them. Pure.</summary>
internal static class VisibilityRows
{
    /// <summary>The close time of a run that is open.</summary>
    public const long Open = long.MaxValue;

    private const string Put = """
        INSERT INTO workflow_visibility (run, namespace, workflow, type, queue, status, start_at, execution_at, close_at, duration, length, size,
          parent_workflow, parent_run, root_workflow, root_run, info)
        VALUES (@run, @ns, @workflow, @type, @queue, @status, @start, @execution, @close, @duration, @length, @size,
          @parent, @parentrun, @root, @rootrun, @info)
        ON CONFLICT (run) DO UPDATE SET status = excluded.status, execution_at = excluded.execution_at, close_at = excluded.close_at,
          duration = excluded.duration, length = excluded.length, size = excluded.size, info = excluded.info
        """;

    private const string DropAttributes = "DELETE FROM workflow_attribute WHERE run = @run";

    private const string PutAttribute = """
        INSERT INTO workflow_attribute (run, name, kind, value, namespace, close_at, start_at) VALUES (@run, @name, @kind, @value, @ns, @close, @start)
        """;

    private const string CloseAttributes = "UPDATE workflow_attribute SET close_at = @close WHERE run = @run";

    private const string Drop = "DELETE FROM workflow_visibility WHERE run = @run";

    /// <summary>What a step changes of them; nothing for most steps.</summary>
    public static IEnumerable<SqlStatement> Of(RunChange change)
    {
        var run = change.Run;
        var begins = change.Copied is not null || change.Events.Any(e => e.EventType == EventType.WorkflowExecutionStarted);
        var upserts = change.ChangesVersioning || change.Events.Any(e => e.EventType == EventType.UpsertWorkflowSearchAttributes);
        if (!begins && !upserts && run.IsRunning && !change.Events.Any(ChangesMemo))
        {
            yield break;
        }

        // Lists and retention go by the wall clock; what they show are the run's own times.
        var close = run.ClosedAt is { } closed ? Micros.From(RunTime.Wall(run, closed)) : Open;
        yield return Row(run, Shown(run), close);
        if (begins || upserts)
        {
            if (!begins)
            {
                yield return new SqlStatement(DropAttributes, ("run", run.RunId));
            }

            foreach (var attribute in Attributes(run.RunId, run.Namespace, VersioningAttributes.Of(run), RunTime.WallAtStart(run, run.StartedAt), close))
            {
                yield return attribute;
            }
        }
        else if (close != Open && (run.SearchAttributes?.IndexedFields.Count > 0 || run.Versioning is not null))
        {
            yield return new SqlStatement(CloseAttributes, ("run", run.RunId), ("close", close));
        }
    }

    /// <summary>What takes a run out of every list.</summary>
    public static IEnumerable<SqlStatement> Remove(string runId) => [new(Drop, ("run", runId)), new(DropAttributes, ("run", runId))];

    /// <summary>A run as lists show it: of an open one neither length nor size, which no row follows.</summary>
    public static WorkflowExecutionInfo Shown(RunState run)
    {
        var info = Description.Info(run);
        if (run.IsRunning)
        {
            info.HistoryLength = 0;
            info.HistorySizeBytes = 0;
        }

        return info;
    }

    private static bool ChangesMemo(HistoryEvent added) => added.EventType == EventType.WorkflowPropertiesModified;

    private static SqlStatement Row(RunState run, WorkflowExecutionInfo info, long close)
    {
        var isOpen = close == Open;
        return new SqlStatement(
            Put, ("run", run.RunId), ("ns", run.Namespace), ("workflow", run.WorkflowId), ("type", run.Type), ("queue", run.TaskQueue),
            ("status", (long)run.Status),
            ("start", Micros.From(RunTime.WallAtStart(run, run.StartedAt))),
            ("execution", Micros.From(RunTime.WallAtStart(run, info.ExecutionTime.ToDateTimeOffset()))), ("close", close),
            ("duration", isOpen ? null : info.ExecutionDuration.ToTimeSpan().Ticks * TimeSpan.NanosecondsPerTick),
            ("length", isOpen ? null : info.HistoryLength), ("size", isOpen ? null : info.HistorySizeBytes),
            ("parent", Optional(info.ParentExecution?.WorkflowId)), ("parentrun", Optional(info.ParentExecution?.RunId)),
            ("root", Optional(info.RootExecution?.WorkflowId)), ("rootrun", Optional(info.RootExecution?.RunId)), ("info", info.ToByteArray()));
    }

    /// <summary>What else than runs is listed: it stands under a name that is no namespace's, as if it were a run.</summary>
    /// <param name="list">The name that stands for the namespace.</param>
    /// <param name="info">As it is listed.</param>
    /// <param name="closed">When it was over; null while it is not.</param>
    /// <param name="parent">What it is found by as a run is by its parent; null for nothing.</param>
    public static IEnumerable<SqlStatement> Entry(
        string list, string uid, string id, string type, string queue, DateTimeOffset start, SearchAttributes attributes, byte[] info,
        WorkflowExecutionStatus status = WorkflowExecutionStatus.Running, DateTimeOffset? closed = null, string? parent = null)
    {
        var close = closed is { } at ? Micros.From(at) : Open;
        return
        [
            .. Remove(uid),
            new SqlStatement(
                Put, ("run", uid), ("ns", list), ("workflow", id), ("type", type), ("queue", queue), ("status", (long)status),
                ("start", Micros.From(start)), ("execution", Micros.From(start)), ("close", close),
                ("duration", closed is { } end ? (end - start).Ticks * TimeSpan.NanosecondsPerTick : null), ("length", null), ("size", null),
                ("parent", parent), ("parentrun", null), ("root", id), ("rootrun", uid), ("info", info)),
            .. Attributes(uid, list, attributes, start, close),
        ];
    }

    private static IEnumerable<SqlStatement> Attributes(string run, string ns, SearchAttributes? attributes, DateTimeOffset start, long close)
    {
        foreach (var (name, payload) in attributes?.IndexedFields ?? [])
        {
            // What is of no known type, or not of its own, was refused where it came from; it is shown, and not found.
            if (SearchField.IsColumn(name) || AttributeValues.TypeOf(payload) is not { } type)
            {
                continue;
            }

            foreach (var value in AttributeValues.Read(type, payload) ?? [])
            {
                yield return new SqlStatement(
                    PutAttribute, ("run", run), ("name", name), ("kind", (long)type), ("value", value), ("ns", ns), ("close", close), ("start", Micros.From(start)));
            }
        }
    }

    private static string? Optional(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
