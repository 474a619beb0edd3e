using System.Text.Json;
using Flagstone.Ui.Graphs;
using Flagstone.Workflows.Console.Schedules;
using Flagstone.Workflows.Schedules;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Console.Calls;

/// <summary>Makes the graph of what a run called and who called it. Pure.</summary>
internal sealed class CallGraphs
{
    /// <summary>Of each group but the children, which have the rest.</summary>
    private const int MostOfGroup = 25;

    private readonly CallFacts facts;
    private readonly CallNode self;
    private readonly List<CallGroup> groups = [];
    private readonly List<CallNode> nodes = [];
    private readonly List<GraphEdge> edges = [];

    private CallGraphs(CallFacts facts)
    {
        this.facts = facts;
        self = new CallNode(CallNode.IdOf(facts.Run.RunId, ""), "this run", facts.Run.WorkflowId, "") { Status = RunStatus.Of(facts.Run.Status) };
        nodes.Add(self);
    }

    public static CallGraph Of(CallFacts facts)
    {
        var making = new CallGraphs(facts);
        making.CalledBy();
        if (CallChain.Of(facts) is { } chain)
        {
            making.groups.Add(chain.Group);
            making.nodes.AddRange(chain.Group.Nodes);
            making.edges.AddRange(chain.Lines);
        }

        // What is called beside children is made before them, as these have the room that is left; and shown behind them.
        var at = making.groups.Count;
        making.Calls();
        making.Children(at);
        return new CallGraph(making.groups, new Graph(
            [.. making.nodes.DistinctBy(n => n.Id).Select(Card)], [.. making.edges.DistinctBy(e => (e.From, e.To, e.Label))]));
    }

    private static GraphNode Card(CallNode node) =>
        new(node.Id, node.Title, node.Note.Length > 0 ? $"{node.Kind}, {node.Note}" : node.Kind) { Status = node.Status, Href = node.Href };

    private void CalledBy()
    {
        var run = facts.Run;
        var callers = new List<CallNode>();
        if (run.Parent is { } parent)
        {
            callers.Add(RunNode("Parent", "", parent, ""));
            if (run.Info.RootExecution is { RunId.Length: > 0 } root && root.WorkflowId != parent.WorkflowId && root.WorkflowId != run.WorkflowId)
            {
                var above = RunNode("Root", "", root, "");
                edges.Add(new GraphEdge(above.Id, callers[0].Id, "further up", Refers: true));
                nodes.Add(above);
                callers[0] = callers[0] with { Note = $"below {root.WorkflowId}" };
                groups.Add(new CallGroup("Root", [above]));
            }
        }

        if (ScheduleId(run.Info) is { Length: > 0 } schedule)
        {
            callers.Add(new CallNode($"schedule {schedule}", "Schedule", schedule, SchedulePage.Href(facts.Namespace, schedule)));
        }

        if (facts.Calls.First is { } first && RunCalls.LinkOf(first) is { } link)
        {
            callers.Add(RunNode("Nexus caller", link.Namespace, new WorkflowExecution { WorkflowId = link.WorkflowId, RunId = link.RunId }, ""));
        }

        callers.AddRange(Others(facts.Calls.Callers));
        Add("Called by", callers, leadsHere: true);
    }

    private void Calls()
    {
        Add("Activities", [.. facts.Calls.Activities.Select(ActivityNode)]);
        Add("Nexus operations", [.. facts.Calls.Operations.Select(OperationNode)]);
        Add("Signalled, or asked to cancel", [.. Others(facts.Calls.Others)]);
    }

    /// <param name="at">Where the group stands.</param>
    private void Children(int at)
    {
        var (all, runs) = CallChildren.Of(facts);
        var room = Math.Max(0, Graph.MaxNodes - nodes.DistinctBy(n => n.Id).Count());
        var shown = all.Take(room).ToList();
        room -= shown.Count;
        var below = CallChildren.Below(facts, runs);
        for (var i = 0; i < shown.Count && room > 0; i++)
        {
            var own = below[shown[i].Id].Take(room).ToList();
            shown[i] = shown[i] with { Below = own };
            room -= own.Count;
        }

        if (shown.Count == 0)
        {
            return;
        }

        var more = all.Count - shown.Count + below.Sum(b => b.Count()) - shown.Sum(s => s.Below.Count);
        groups.Insert(at, new CallGroup(
            "Children", shown, more, facts.Children.IsCut || facts.Grandchildren.IsCut, CallChildren.AllHref(facts)));
        // A child that was signalled too stands there as the child.
        nodes.InsertRange(1, shown.SelectMany(s => s.Below.Prepend(s)));
        edges.AddRange(shown.Select(s => new GraphEdge(self.Id, s.Id)));
        edges.AddRange(shown.SelectMany(s => s.Below.Select(b => new GraphEdge(s.Id, b.Id))));
    }

    private void Add(string title, List<CallNode> all, bool leadsHere = false)
    {
        if (all.Count == 0)
        {
            return;
        }

        var shown = all.Take(MostOfGroup).ToList();
        groups.Add(new CallGroup(title, shown, all.Count - shown.Count));
        nodes.AddRange(shown);
        edges.AddRange(shown.Select(n => leadsHere
            ? new GraphEdge(n.Id, self.Id, n.Word, Refers: n.Word.Length > 0) : new GraphEdge(self.Id, n.Id, n.Word, Refers: n.Word.Length > 0)));
    }

    private CallNode ActivityNode(ActivityCalls calls) =>
        new($"activity {calls.Type} {calls.Queue}", "Activity", calls.Type, QueuesPage.Href(facts.Namespace, calls.Queue))
        {
            Status = calls.Counts[0].Status, Note = $"{CallStatus.Text(calls.Counts)}, on {calls.Queue}",
        };

    private static CallNode OperationNode(NexusCalls calls)
    {
        var (id, href) = ($"nexus {calls.Endpoint} {calls.Service} {calls.Operation}", "");
        var by = "";
        if (calls.Handler is { } handler)
        {
            (id, href, by) = ($"{id} {handler.RunId}", RunPage.Href(handler.Namespace, handler.RunId), $", run by {handler.WorkflowId}");
        }

        return new CallNode(id, "Nexus operation", $"{calls.Service}/{calls.Operation}", href)
        {
            Status = calls.Counts[0].Status, Note = $"{CallStatus.Text(calls.Counts)}, at {calls.Endpoint}{by}",
        };
    }

    /// <summary>One for each execution, with all that passed between it and the run.</summary>
    private IEnumerable<CallNode> Others(IEnumerable<OtherCall> calls) =>
        from call in calls
        group call by (call.Namespace, call.Run.WorkflowId, call.Run.RunId) into same
        let words = same.GroupBy(c => c.What).Select(g => g.Count() == 1 ? g.Key : $"{g.Key} ×{g.Count()}").ToList()
        let run = new WorkflowExecution { WorkflowId = same.Key.WorkflowId, RunId = Known(same.Key.WorkflowId, same.Key.RunId) }
        let counts = CallStatus.Count(same.Select(c => c.Status).OfType<Ui.Components.Status>())
        select RunNode("Run", same.Key.Namespace, run, string.Join(", ", words)) with { Status = counts is [var worst, ..] ? worst.Status : null };

    /// <summary>A child or parent that was meant by its workflow id alone stands in the graph already.</summary>
    private string Known(string workflowId, string runId) =>
        runId.Length > 0 ? runId
        : facts.Run.Parent is { } parent && parent.WorkflowId == workflowId ? parent.RunId
        : facts.Calls.Children.LastOrDefault(c => c.Run.WorkflowId == workflowId)?.Run.RunId ?? "";

    private CallNode RunNode(string kind, string ns, WorkflowExecution run, string word)
    {
        var at = ns.Length > 0 ? ns : facts.Namespace;
        return new CallNode(
            CallNode.IdOf(run.RunId, run.WorkflowId), kind, run.WorkflowId,
            run.RunId.Length > 0 ? RunPage.Href(at, run.RunId) : new RunQuery(at, Id: run.WorkflowId).ToHref())
        {
            Word = word, Status = facts.Listed(run.RunId) is { } there ? RunStatus.Of(there.Status) : null,
        };
    }

    private static string ScheduleId(WorkflowExecutionInfo info) =>
        info.SearchAttributes?.IndexedFields.TryGetValue(ScheduledStart.ScheduleAttribute, out var id) == true
            ? JsonSerializer.Deserialize<string>(id.Data.Span) ?? "" : "";
}
