using Flagstone.Workflows.Console;
using Flagstone.Workflows.Console.Calls;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.Console.Calls;

/// <summary>Runs, and what is known of their calls.</summary>
internal static class CallSamples
{
    private static readonly DateTimeOffset Start = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    public static HistoryEvent At(long id, Action<HistoryEvent> with)
    {
        var one = new HistoryEvent { EventId = id, EventTime = Timestamp.FromDateTimeOffset(Start.AddSeconds(id)) };
        with(one);
        return one;
    }

    /// <param name="minute">When it began.</param>
    /// <param name="first">The first run of its chain; itself unless given.</param>
    public static WorkflowExecutionInfo Info(
        string workflow, string run, int minute = 0, WorkflowExecutionStatus status = WorkflowExecutionStatus.Completed, string first = "", string parent = "") => new()
        {
            Execution = Execution(workflow, run), FirstRunId = first.Length > 0 ? first : run, Type = new WorkflowType { Name = "Order" },
            Status = status, StartTime = Timestamp.FromDateTimeOffset(Start.AddMinutes(minute)), ParentExecution = parent.Length > 0 ? Execution("parent", parent) : null,
        };

    public static WorkflowExecution Execution(string workflow, string run = "") => new() { WorkflowId = workflow, RunId = run };

    public static CallGraph Graph(
        WorkflowExecutionInfo info, IReadOnlyList<HistoryEvent>? events = null, IReadOnlyList<PendingActivityInfo>? pending = null, ListedRuns? chain = null,
        ListedRuns? above = null, ListedRuns? children = null, ListedRuns? grandchildren = null, string resetTo = "")
    {
        events ??= [At(1, e => e.WorkflowExecutionStartedEventAttributes = new() { OriginalExecutionRunId = info.Execution.RunId })];
        var run = new RunView(
            new DescribeWorkflowExecutionResponse { WorkflowExecutionInfo = info, WorkflowExtendedInfo = new() { ResetRunId = resetTo } },
            events[0].WorkflowExecutionStartedEventAttributes ?? new());
        return CallGraphs.Of(new CallFacts(
            "shop", run, RunCalls.Of(events, run.IsRunning, pending ?? []), chain ?? new([info], false), above ?? ListedRuns.None, children ?? ListedRuns.None,
            grandchildren ?? ListedRuns.None));
    }

    /// <summary>The groups with their nodes, a line for each.</summary>
    public static IEnumerable<string> Lines(this CallGraph graph) => graph.Groups.SelectMany(g => g.Nodes.SelectMany(n => Lines(g.Title, n)));

    /// <summary>From title to title, with the word.</summary>
    public static IEnumerable<string> Ways(this CallGraph graph)
    {
        var titles = graph.Drawing.Nodes.ToDictionary(n => n.Id, n => n.Title);
        return graph.Drawing.Edges.Select(e => $"{titles[e.From]} {(e.Refers ? $"--{e.Label}->" : "->")} {titles[e.To]}");
    }

    private static IEnumerable<string> Lines(string group, CallNode node) =>
        node.Below.SelectMany(b => Lines($"{group}/{node.Title}", b)).Prepend(
            $"{group}: {string.Join(' ', ((string[])[node.Title, node.Status?.Word ?? "", node.Word, node.Note]).Where(t => t.Length > 0))}");
}
