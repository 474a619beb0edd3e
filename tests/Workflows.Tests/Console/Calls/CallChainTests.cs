using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using static Flagstone.Workflows.Tests.Console.Calls.CallSamples;

namespace Flagstone.Workflows.Tests.Console.Calls;

/// <summary>The other runs of a run's workflow.</summary>
public sealed class CallChainTests
{
    [Fact]
    public void A_continued_run_has_the_runs_before_and_behind_it_in_their_order_and_runs_of_another_chain_are_left_out()
    {
        var middle = Info("order", "r-2", 2, WorkflowExecutionStatus.ContinuedAsNew, "r-0");

        var graph = Graph(
            middle,
            [Begun("r-2", "r-1", ContinueAsNewInitiator.Workflow), At(9, e => e.WorkflowExecutionContinuedAsNewEventAttributes = new() { NewExecutionRunId = "r-3" })],
            chain: new([
                Info("order", "r-4", 4, WorkflowExecutionStatus.Running, "r-0"), Info("order", "r-3", 3, WorkflowExecutionStatus.ContinuedAsNew, "r-0"), middle,
                Info("order", "r-1", 1, WorkflowExecutionStatus.ContinuedAsNew, "r-0"), Info("order", "r-0", 0, WorkflowExecutionStatus.ContinuedAsNew, "r-0"),
                Info("order", "older", -9),
            ], false));

        Assert.Equal(["r-0", "r-1", "r-3", "r-4"], graph.Groups[0].Nodes.Select(n => n.Title));
        Assert.Equal(["earlier", "before, continued", "next, continued", "later"], graph.Groups[0].Nodes.Select(n => n.Word));
        Assert.Equal(["r-0 --continued-> r-1", "r-1 --continued-> order", "order --continued-> r-3", "r-3 --continued-> r-4"], graph.Ways());
    }

    [Theory]
    [InlineData(ContinueAsNewInitiator.Retry, "tried again")]
    [InlineData(ContinueAsNewInitiator.CronSchedule, "by cron")]
    public void The_run_says_why_it_followed_though_the_one_before_is_not_listed_any_more(ContinueAsNewInitiator initiator, string word)
    {
        var graph = Graph(Info("order", "r-2", 2, first: "r-0"), [Begun("r-2", "r-1", initiator)]);

        Assert.Equal(
            ["Other runs of this workflow: r-0 earlier not listed any more", $"Other runs of this workflow: r-1 before, {word} not listed any more"],
            graph.Lines());
        Assert.Equal(["r-0 --then-> r-1", $"r-1 --{word}-> order"], graph.Ways());
    }

    [Fact]
    public void A_reset_leads_from_the_run_that_was_reset_to_the_one_that_goes_on()
    {
        var (before, after) = (Info("order", "a", 0, WorkflowExecutionStatus.Terminated), Info("order", "b", 1, first: "a"));

        var of = Graph(before, chain: new([before, after], false), resetTo: "b");
        var to = Graph(
            after, [At(1, e => e.WorkflowExecutionStartedEventAttributes = new() { OriginalExecutionRunId = "a", ContinuedExecutionRunId = "before-a" })],
            chain: new([before, after], false));

        Assert.Equal(["order --reset-> b"], of.Ways());
        Assert.Equal(["a --reset-> order"], to.Ways());
    }

    [Fact]
    public void Of_a_long_chain_the_first_and_the_nearest_are_shown_and_the_rest_is_counted()
    {
        var all = Enumerable.Range(0, 60).Select(i => Info("order", $"r-{i}", i, first: "r-0")).ToList();

        var graph = Graph(all[30], [Begun("r-30", "r-29", ContinueAsNewInitiator.CronSchedule)], chain: new([.. all.AsEnumerable().Reverse()], true));

        var group = Assert.Single(graph.Groups);
        Assert.Equal(["r-0", "r-25", "r-26", "r-27", "r-28", "r-29", "r-31", "r-32", "r-33", "r-34", "r-35"], group.Nodes.Select(n => n.Title));
        Assert.Equal((48, true, "/workflows?namespace=shop&id=order"), (group.More, group.IsCut, group.AllHref));
    }

    private static HistoryEvent Begun(string run, string after, ContinueAsNewInitiator initiator) => At(
        1, e => e.WorkflowExecutionStartedEventAttributes = new() { OriginalExecutionRunId = run, ContinuedExecutionRunId = after, Initiator = initiator });
}
