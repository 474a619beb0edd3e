using Bunit;
using Flagstone.Provisioning.Console;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Costs;
using Flagstone.Provisioning.Drift;
using Flagstone.Provisioning.Explaining;
using Flagstone.Provisioning.Managed.Health;
using Flagstone.Provisioning.Plans;

namespace Flagstone.Ui.Tests;

public sealed class ProvisioningPanelTests
{
    [Fact]
    public async Task A_drifted_resource_stands_once_before_its_fields()
    {
        await using var context = UiContext.Create();
        var resource = new DriftedResource(
            "instance.rds.aws.upbound.io", "rds.aws.upbound.io/v1beta1", "Instance", "", "db-1", "instance", "2026-11-25T11:00:00Z", "open",
            [new DriftedField("forProvider.storageEncrypted", true, false, true), new DriftedField("forProvider.tags", null, "x", false)]);

        var table = context.Render<DriftTable>(p => p.Add(c => c.Resources, [resource]));

        Assert.Equal("2", table.Find("[scope=rowgroup]").GetAttribute("rowspan"));
        Assert.Contains("Open", table.Find(".fs-status").TextContent, StringComparison.Ordinal);
        Assert.Contains("only a new one could have it", table.FindAll("tr")[1].TextContent, StringComparison.Ordinal);
        Assert.Equal(["forProvider.tags", "not set", "\"x\""], table.FindAll("tr")[2].QuerySelectorAll("td").Select(c => c.TextContent.Trim()));
    }

    [Fact]
    public async Task A_resource_whose_drift_was_accepted_shows_no_fields()
    {
        await using var context = UiContext.Create();
        var resource = new DriftedResource("instance.rds.aws.upbound.io", "rds.aws.upbound.io/v1beta1", "Instance", "", "db-1", null, "", "settled", []);

        var table = context.Render<DriftTable>(p => p.Add(c => c.Resources, [resource]));

        Assert.Contains("as they should be", table.Find("tbody").TextContent, StringComparison.Ordinal);
        Assert.Contains("Settled", table.Find(".fs-status").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_a_claim_is_not_ready_is_told_with_the_path_the_advice_and_the_command()
    {
        await using var context = UiContext.Create();
        var cause = new ExplainedCause(
            ["Database orders", "XDatabase orders-1", "Instance db-1"], "rds/v1", "Instance", "", "db-1", "instance", "Synced", "ReconcileError", "AccessDenied",
            "Extend its rights.", "kubectl describe instance.rds db-1");

        var card = context.Render<ExplanationCard>(p => p.Add(c => c.Explanation, new ClaimExplanation(false, "It is not ready because of Instance.", cause)));

        Assert.Equal(cause.Path, card.FindAll("ol > li").Select(i => i.TextContent));
        Assert.Contains("Extend its rights.", card.Markup, StringComparison.Ordinal);
        Assert.Equal(cause.Command, card.Find("[data-copy]").GetAttribute("data-copy"));
    }

    [Fact]
    public async Task An_estimate_names_what_is_not_known_and_whose_prices_they_are()
    {
        await using var context = UiContext.Create();
        var cost = new CostEstimate(
            105.12m, "USD", [new CostItem("Instance db", "database instance", 730, "hour", 0.144m, 105.12m)], ["Instance db: traffic, charged by use"], "A list", "2024-12-01", "us-east-1");

        var panel = context.Render<CostPanel>(p => p.Add(c => c.Cost, cost));

        Assert.Equal("at least USD 105.12 a month", panel.Find("strong").TextContent);
        Assert.Contains("traffic, charged by use", panel.Find("details").TextContent, StringComparison.Ordinal);
        Assert.Contains("A list, of 2024-12-01, for us-east-1", panel.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_made_yet_has_no_cost_rather_than_none()
    {
        await using var context = UiContext.Create();

        var panel = context.Render<CostPanel>(p => p.Add(c => c.Cost, CostEstimate.None));

        Assert.Contains("Nothing of it is made yet", panel.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("USD", panel.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_roll_out_whose_tests_fail_says_that_nothing_follows()
    {
        await using var context = UiContext.Create();
        var plan = new CompositionPlan("db", 3, "failed", "standby: it is one", [], 2, ["Database shop/cart"], 0, new CostChange(CostEstimate.None, CostEstimate.None));

        var panel = context.Render<CompositionPlanPanel>(p => p.Add(c => c.Plan, plan));

        Assert.Contains("would not be used", panel.Find("[role=status]").TextContent, StringComparison.Ordinal);
        Assert.Contains("standby: it is one", panel.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Contains("Database shop/cart", panel.Find("details").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_plans_of_several_claims_have_headings_of_their_own()
    {
        await using var context = UiContext.Create();
        ClaimPlan Of(string name) => new("example.com/v1", "Database", "shop", name, "made", [], [], []);
        var plan = new CompositionPlan("db", 3, "passed", null, [Of("a"), Of("b")], 0, [], 0, new CostChange(CostEstimate.None, CostEstimate.None));

        var panel = context.Render<CompositionPlanPanel>(p => p.Add(c => c.Plan, plan));

        Assert.Equal("2 claims and composites would change. Nothing is stored.", panel.Find("[role=status]").TextContent);
        Assert.Equal(["rollout", "plan-0", "plan-1"], panel.FindAll("h2").Select(h => h.Id));
    }

    [Fact]
    public async Task A_plan_lists_what_is_made_later_with_what_it_waits_for()
    {
        await using var context = UiContext.Create();
        var plan = new ClaimPlan("example.com/v1", "Database", "shop", "a", "made", [new PlannedResource("create", "v1", "ConfigMap", "shop", null, "first", [], [])], [], [])
        {
            MadeLater = [new LaterResource("second", "v1", "Secret", "status.zone of the composite"), new LaterResource("third", null, null, "second to be ready")],
        };

        var panel = context.Render<PlanPanel>(p => p.Add(c => c.Plan, plan));

        Assert.Equal("1 to create, 2 made later. Nothing is stored yet.", panel.Find("[role=status]").TextContent);
        Assert.Equal(["Secret second waits for status.zone of the composite", "third waits for second to be ready"], panel.FindAll("h3 + ul li").Select(l => l.TextContent));
    }

    [Fact]
    public async Task A_provider_that_is_down_says_so_by_word_and_shape_and_since_when()
    {
        await using var context = UiContext.Create();

        var card = context.Render<ProviderCard>(p => p.Add(c => c.Provider, Provider("Down") with
        {
            Reason = "Nothing succeeds any more: no route",
            LastError = new ProviderErrorView(null, null, "create", UiContext.Now, UiContext.Now.AddMinutes(-7), false),
        }));

        Assert.Equal("octagon", card.Find(".fs-status [data-shape]").GetAttribute("data-shape"));
        Assert.Contains("Down", card.Find(".fs-status").TextContent, StringComparison.Ordinal);
        Assert.Contains("no route", card.Markup, StringComparison.Ordinal);
        Assert.Contains("What it said is for those who may see the resource.", card.Markup, StringComparison.Ordinal);
        Assert.Contains("7 min ago", card.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_nobody_asked_shows_no_latency()
    {
        await using var context = UiContext.Create();

        var card = context.Render<ProviderCard>(p => p.Add(c => c.Provider, Provider("Healthy")));

        Assert.Contains("no call yet", card.Markup, StringComparison.Ordinal);
        Assert.Contains("1 kind that it makes", card.Find("summary").TextContent, StringComparison.Ordinal);
    }

    private static ProviderView Provider(string health) => new(
        "sql", health, null, UiContext.Now.AddHours(-1), ["databases.postgresql.sql.crossplane.io"], new ProviderCallsView(0, 0, 0, 0, 0, 0, 0, 0),
        new ProviderBulkheadView(8, 20, 0, 0, 0, 0), null);
}
