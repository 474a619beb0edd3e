using Flagstone.Workflows.People;

namespace Flagstone.Workflows.Tests.People;

/// <summary>Who may decide, and who may not.</summary>
public sealed class WhoDecidesTests
{
    private const string Full = """
        {
          "title": "t", "assignees": ["user:ada", "team:payments"], "notBy": ["user:mallory"], "escalateAfter": "30m",
          "escalateTo": ["role:administrator", "user:mallory"]
        }
        """;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("ada", "", 0, null)]
    [InlineData("bob", "team:default/payments", 0, null)]
    [InlineData("bob", "", 0, "You are none of those who may decide: user:ada, team:default/payments. One of them can delegate it to you.")]
    [InlineData("bob", "role:administrator", 0, "You may decide once it is escalated, at 2026-01-01 00:30 UTC; until then its assignees do.")]
    [InlineData("bob", "role:administrator", 30, null)]
    [InlineData("ann", "team:default/payments", 0, "You started this run, so another person decides.")]
    [InlineData("Ann", "team:default/payments", 0, "You started this run, so another person decides.")]
    [InlineData("mallory", "team:default/payments", 40, "The workflow named you among those who may not decide (notBy), so another person decides.")]
    public void A_task_says_who_may_decide_it(string name, string also, int minutes, string? why) =>
        Assert.Equal(why, HumanRules.Refuse(State(Full), "ann", Start, name, [$"user:{name}", also], Start + TimeSpan.FromMinutes(minutes)));

    [Fact]
    public void Who_started_the_run_decides_where_the_workflow_says_so() => Assert.Null(HumanRules.Refuse(
        State("""{ "title": "t", "assignees": ["user:ann"], "starterMayDecide": true }"""), "ann", Start, "ann", ["user:ann"], Start));

    [Fact]
    public void Who_got_it_delegated_decides_for_who_delegated_it()
    {
        var steps = HumanOrderTests.Asked(request: Full)
            .Do(c => Assert.Equal(HumanOutcome.Forbidden, HumanRules.Decide(c, HumanOrderTests.Task(c), HumanOrderTests.Call("bob"))!.Outcome))
            .Do(c => Assert.Null(HumanRules.Delegate(c, HumanOrderTests.Task(c), HumanOrderTests.Call("ada", "user:bob"))));
        Assert.Equal(("delegate", "to user:bob: fine"), (steps.Last.Act!.Verb, steps.Last.Act.Reason));
        Assert.Contains(HumanTaskRows.Of(steps.Last), r => r.Parameters.Contains(("subject", "user:bob")));

        // The same again is done already.
        steps.Do(c => Assert.Equal(HumanReply.Done, HumanRules.Delegate(c, HumanOrderTests.Task(c), HumanOrderTests.Call("ada", "user:bob"))));
        steps.Do(c => Assert.Null(HumanRules.Decide(c, HumanOrderTests.Task(c), HumanOrderTests.Call("bob"))));

        var made = HumanDecision.Of(steps.Events.Single(e => e.ActivityTaskCompletedEventAttributes is not null).ActivityTaskCompletedEventAttributes.Result);
        Assert.Equal(("bob", "ada"), (made!.By, made.DelegatedFrom));
    }

    [Theory]
    [InlineData("bob", "user:carl", "Forbidden")]
    [InlineData("ada", "carl", "Invalid")]
    [InlineData("ada", "user:ann", "Invalid")]
    [InlineData("ada", "user:MALLORY", "Invalid")]
    public void A_delegation_gives_no_more_than_who_delegates_has(string by, string to, string outcome) => HumanOrderTests.Asked(request: Full).Do(
        c => Assert.Equal(outcome, HumanRules.Delegate(c, HumanOrderTests.Task(c), HumanOrderTests.Call(by, to))!.Outcome.ToString()));

    [Theory]
    [InlineData("maybe", "fine", "'maybe' is no decision of this task. Use one of: approve, reject.")]
    [InlineData("approve", " ", "The reason is not set. Say in a sentence why; the workflow and the ledger keep it.")]
    public void A_decision_is_one_of_the_task_s_and_has_a_reason(string decision, string reason, string why) => HumanOrderTests.Asked().Do(
        c => Assert.Equal(
            new HumanReply(HumanOutcome.Invalid, why),
            HumanRules.Decide(c, HumanOrderTests.Task(c), HumanOrderTests.Call("ada", decision) with { Reason = reason })));

    [Fact]
    public void A_team_s_members_are_users_of_the_default_namespace()
    {
        var team = new Flagstone.Catalog.Contracts.TeamFacts(new("default", "payments"), "Payments", ["user:default/ada", "bob", "user:other/carl", "carla"]);

        Assert.Equal([true, true, false, true], ((string[])["ada", "bob", "carl", "carla"]).Select(team.Has));
    }

    private static HumanTaskState State(string json) => HumanTaskState.Of(HumanRequestReader.Read(RequestTests.Json(json)));
}
