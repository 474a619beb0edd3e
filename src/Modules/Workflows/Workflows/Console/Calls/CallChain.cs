using System.Globalization;
using Flagstone.Ui.Graphs;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Console.Calls;

/// <summary>The runs of a workflow that follow one another: continued, tried again, by cron, or reset. Pure.</summary>
internal sealed class CallChain
{
    /// <summary>So many are shown before the run, and so many behind it.</summary>
    private const int Near = 5;

    private readonly CallFacts facts;
    private readonly RunView run;
    private readonly string before;
    private readonly List<string> earlier;
    private readonly List<string> later;

    private CallChain(CallFacts facts)
    {
        (this.facts, run) = (facts, facts.Run);
        // The first event of a run that came of a reset is the one of the run that was reset.
        before = run.ResetOf.Length > 0 ? run.ResetOf : run.Started.ContinuedExecutionRunId;
        var listed = facts.Chain.Runs.Where(r => r.FirstRunId.Length > 0 && r.FirstRunId == run.Info.FirstRunId && r.Execution.RunId != run.RunId)
            .OrderBy(r => r.StartTime).ToList();
        // What is known and not listed any more: the first run at the front, and the neighbours beside the run.
        later = [.. listed.Where(r => r.StartTime > run.Info.StartTime).Select(IdOf).Where(id => id != before)];
        later.InsertRange(0, ((string[])[facts.Calls.Next, run.ResetTo]).Where(id => id.Length > 0 && !later.Contains(id)));
        earlier = [.. listed.Select(IdOf).Except(later)];
        earlier.InsertRange(0, run.Info.FirstRunId is { Length: > 0 } first && first != run.RunId && !earlier.Contains(first) ? [first] : []);
        earlier.AddRange(before.Length > 0 && !earlier.Contains(before) ? [before] : []);
    }

    /// <summary>How the run began after the one before it.</summary>
    private string WordIn => before == run.ResetOf ? "reset" : run.Started.Initiator switch
    {
        ContinueAsNewInitiator.Workflow => "continued",
        ContinueAsNewInitiator.Retry => "tried again",
        ContinueAsNewInitiator.CronSchedule => "by cron",
        _ => "then",
    };

    /// <summary>How the next run began after it: its end alone does not tell a retry from the next time of a cron schedule.</summary>
    private string WordOut => run.Status switch
    {
        WorkflowExecutionStatus.ContinuedAsNew => "continued",
        WorkflowExecutionStatus.Completed => "by cron",
        _ => run.Started.CronSchedule.Length == 0 ? "tried again" : "then",
    };

    /// <summary>The nodes in their order, without the run's own one, and the lines between all of them; null where there is no other run.</summary>
    public static (CallGroup Group, IReadOnlyList<GraphEdge> Lines)? Of(CallFacts facts)
    {
        var chain = new CallChain(facts);
        var (front, back) = (chain.Front(), chain.Back());
        if (front.Count + back.Count == 0)
        {
            return null;
        }

        var more = chain.earlier.Count + chain.later.Count - front.Count - back.Count;
        var all = new RunQuery(facts.Namespace, Id: facts.Run.WorkflowId).ToHref();
        return (
            new CallGroup("Other runs of this workflow", [.. front.Concat(back).Select(chain.Node)], more, facts.Chain.IsCut, all),
            [.. chain.Follow(front), .. chain.Into(front), .. chain.OutOf(back), .. chain.Follow(back)]);
    }

    /// <summary>The first run, the nearest ones, and the one that the run goes on from.</summary>
    private List<string> Front() => [.. earlier.Where((id, i) => i == 0 || i >= earlier.Count - Near || id == before)];

    private List<string> Back() => [.. later.Where((id, i) => i < Near || id == facts.Calls.Next || id == run.ResetTo)];

    private IEnumerable<GraphEdge> Follow(List<string> ids) => ids.Zip(
        ids.Skip(1), (from, to) => Line(from, to, facts.Listed(from)?.Status == WorkflowExecutionStatus.ContinuedAsNew ? "continued" : "then"));

    private IEnumerable<GraphEdge> Into(List<string> front) =>
        before.Length > 0 ? [Line(before, run.RunId, WordIn)]
        : front.Count > 0 ? [Line(front[^1], run.RunId, "then")]
        : [];

    private IEnumerable<GraphEdge> OutOf(List<string> back)
    {
        if (facts.Calls.Next.Length > 0)
        {
            yield return Line(run.RunId, facts.Calls.Next, WordOut);
        }

        if (run.ResetTo.Length > 0)
        {
            yield return Line(run.RunId, run.ResetTo, "reset");
        }

        if (facts.Calls.Next.Length + run.ResetTo.Length == 0 && back.Count > 0)
        {
            yield return Line(run.RunId, back[0], "then");
        }
    }

    private CallNode Node(string id)
    {
        var there = facts.Listed(id);
        return new CallNode(CallNode.IdOf(id, ""), "Run", id.Length > 12 ? $"…{id[^12..]}" : id, RunPage.Href(facts.Namespace, id))
        {
            Status = there is null ? null : RunStatus.Of(there.Status),
            Word = id == before ? $"before, {WordIn}" : id == facts.Calls.Next ? $"next, {WordOut}" : id == run.ResetTo ? "next, reset"
                : later.Contains(id) ? "later" : "earlier",
            Note = there?.StartTime is { } at ? at.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : "not listed any more",
        };
    }

    private static GraphEdge Line(string from, string to, string word) => new(CallNode.IdOf(from, ""), CallNode.IdOf(to, ""), word, Refers: true);

    private static string IdOf(WorkflowExecutionInfo listed) => listed.Execution.RunId;
}
