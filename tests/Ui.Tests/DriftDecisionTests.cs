using AngleSharp.Dom;
using Bunit;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Drift;

namespace Flagstone.Ui.Tests;

/// <summary>What people decide about drift on the pages.</summary>
public sealed class DriftDecisionTests
{
    private static readonly ResourceKey Claim = new(new KindId("databases", "example.com"), "shop", "orders");
    private static readonly Caller Someone = new(new Actor("u-1"), "someone", Role.Administrator);
    private static readonly DriftedResource Open = new(
        "instances.rds.aws.upbound.io", "rds.aws.upbound.io/v1beta1", "Instance", "", "db-1", "instance", "2026-11-25T11:00:00Z", "open",
        [new DriftedField("forProvider.size", 1, 2, false), new DriftedField("forProvider.tags", null, "x", false)]);

    private readonly List<(ResourceKey Claim, DriftDecision Decision)> decided = [];
    private Problem? problem;

    [Fact]
    public async Task A_decision_goes_with_its_fields_and_its_reason_and_is_said()
    {
        await using var context = UiContext.Create();
        var table = Table(context, Open);

        Button(table, "Accept").Click();
        Assert.True(Button(table, "Accept", exact: true).HasAttribute("disabled"));
        table.FindAll("input[type=checkbox]")[1].Change(false);
        table.Find("input[type=text]").Input("agreed with audit");
        Assert.Contains("\"paths\":[\"forProvider.size\"],\"reason\":\"agreed with audit\"", table.Find("[data-copy]").GetAttribute("data-copy"), StringComparison.Ordinal);
        Button(table, "Accept", exact: true).Click();

        var (claim, decision) = Assert.Single(decided);
        Assert.Equal(Claim, claim);
        Assert.Equal(("instances.rds.aws.upbound.io", "db-1", "accept", "agreed with audit"), (decision.Resource, decision.Name, decision.Action, decision.Reason));
        Assert.Equal(["forProvider.size"], decision.Paths);
        Assert.Contains("Accepted of instance: forProvider.size", table.Find("[role=status]").TextContent, StringComparison.Ordinal);
        Assert.Empty(table.FindAll("input"));
    }

    [Fact]
    public async Task A_refused_decision_says_why_and_keeps_what_was_written()
    {
        await using var context = UiContext.Create();
        problem = new Problem(409, "conflict", "Conflict", "It has changed meanwhile", "Look again.");
        var table = Table(context, Open);

        Button(table, "Revert").Click();
        table.Find("input[type=text]").Input("put it back");
        Button(table, "Revert", exact: true).Click();

        Assert.Contains("It has changed meanwhile. Look again.", table.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("put it back", table.Find("input[type=text]").GetAttribute("value"));
    }

    [Fact]
    public async Task Who_may_not_decide_is_told_why_and_has_no_button_that_works()
    {
        await using var context = UiContext.Create();

        var table = Table(context, Open, refusal: "role viewer only reads");

        Assert.All(table.FindAll("button"), b => Assert.True(b.HasAttribute("disabled")));
        Assert.Contains("Not yours to decide: role viewer only reads.", table.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_is_shown_and_ended_by_a_revert()
    {
        await using var context = UiContext.Create();
        var table = Table(context, Open with { State = "settled", Excepted = ["forProvider.size", "forProvider.tags"] });

        Assert.Contains("Excepted", table.Markup, StringComparison.Ordinal);
        Assert.Equal(["Revert…"], table.FindAll("td button").Select(b => b.TextContent));
        Button(table, "Revert").Click();
        table.Find("input[type=text]").Input("the exception is over");
        Button(table, "Revert", exact: true).Click();

        Assert.Equal(("revert", 2), (decided[0].Decision.Action, decided[0].Decision.Paths.Count));
    }

    [Fact]
    public async Task What_was_put_back_by_itself_has_nothing_to_revert()
    {
        await using var context = UiContext.Create();

        var table = Table(context, Open with { State = "settled" });

        Assert.Equal(["Accept…", "Except…"], table.FindAll("td button").Select(b => b.TextContent));
    }

    [Fact]
    public async Task The_search_for_drift_is_switched_as_chosen()
    {
        await using var context = UiContext.Create();
        DriftMode? switched = null;
        var view = context.Render<DriftSwitch>(p => p.Add(c => c.Claim, Claim).Add(c => c.Mode, DriftMode.Revert).Add(c => c.CallerOf, () => Task.FromResult<Caller?>(Someone))
            .Add(c => c.Switch, (_, _, mode) =>
            {
                switched = mode;
                return Task.FromResult(problem);
            }));
        Assert.True(view.Find(".fs-submit .fs-button").HasAttribute("disabled"));

        view.FindAll("input[type=radio]")[2].Change(true);
        Assert.Equal("kubectl annotate databases.example.com orders -n shop --overwrite flagstone.dev/drift=off", view.Find("[data-copy]").GetAttribute("data-copy"));
        view.Find(".fs-submit .fs-button").Click();

        Assert.Equal(DriftMode.Off, switched);
        Assert.Contains("Nobody looks", view.Find("[role=status]").TextContent, StringComparison.Ordinal);
    }

    private IRenderedComponent<DriftTable> Table(BunitContext context, DriftedResource resource, string? refusal = null) => context.Render<DriftTable>(p => p
        .Add(c => c.Resources, [resource]).Add(c => c.ClaimOf, _ => Claim).Add(c => c.RefusalOf, _ => refusal).Add(c => c.CallerOf, () => Task.FromResult<Caller?>(Someone))
        .Add(c => c.Decide, (_, claim, decision) =>
        {
            decided.Add((claim, decision));
            return Task.FromResult(problem);
        }));

    /// <summary>The one that opens the form ends in dots; the one in the form does not.</summary>
    private static IElement Button(IRenderedComponent<DriftTable> table, string word, bool exact = false) =>
        table.FindAll("button").Single(b => b.TextContent.Trim() == (exact ? word : $"{word}…"));
}
