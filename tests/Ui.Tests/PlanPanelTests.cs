using System.Text.Json.Nodes;
using Bunit;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Plans;

namespace Flagstone.Ui.Tests;

public sealed class PlanPanelTests
{
    [Fact]
    public async Task A_plan_shows_each_resource_with_its_action_and_what_a_field_was_and_becomes()
    {
        await using var context = UiContext.Create();
        var plan = Plan(
            new PlannedResource(PlanActions.Change, "example.com/v1", "Instance", "", "db-1", "instance", [], [new FieldChange("replace", "/spec/size", 60, 50)]),
            new PlannedResource(PlanActions.Create, "example.com/v1", "Key", "", null, "key", new JsonObject { ["kind"] = "Key" }, []),
            new PlannedResource(PlanActions.Delete, "example.com/v1", "Role", "", "role-1", "role", null, []));

        var panel = context.Render<PlanPanel>(p => p.Add(c => c.Plan, plan));

        Assert.Equal("1 to change, 1 to create, 1 to delete. Nothing is stored yet.", panel.Find("[role=status]").TextContent);
        var changed = panel.Find("[data-action=change]");
        Assert.Equal("/spec/size", changed.QuerySelector("li .fs-mono")!.TextContent);
        Assert.EndsWith("50", changed.QuerySelector("del")!.TextContent, StringComparison.Ordinal);
        Assert.EndsWith("60", changed.QuerySelector("ins")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("named when it is made", panel.Find("[data-action=create]").TextContent, StringComparison.Ordinal);
        Assert.Contains("kind: Key", panel.Find("[data-action=create] details").TextContent, StringComparison.Ordinal);
        Assert.Contains("role-1", panel.Find("[data-action=delete]").TextContent, StringComparison.Ordinal);
        Assert.Empty(panel.FindAll("[role=alert]"));
    }

    [Fact]
    public async Task A_plan_that_would_be_refused_names_the_rule_and_the_part()
    {
        await using var context = UiContext.Create();
        var plan = Plan() with { Refusals = [new PlanRefusal("Instance", "instance", "no-large-databases", "at most 500 GB here")] };

        var panel = context.Render<PlanPanel>(p => p.Add(c => c.Plan, plan));

        Assert.Equal("Nothing would be made.", panel.Find("[role=status]").TextContent);
        Assert.Contains("Instance instance by no-large-databases: at most 500 GB here", panel.Find("[role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_secret_is_said_without_its_value()
    {
        await using var context = UiContext.Create();
        var plan = Plan(new PlannedResource(PlanActions.Change, "v1", "Secret", "shop", "s", "secret", [], [new FieldChange("replace", "/data/password", null, null)]));

        var panel = context.Render<PlanPanel>(p => p.Add(c => c.Plan, plan));

        Assert.Contains("changed; not shown", panel.Find("[data-action=change]").TextContent, StringComparison.Ordinal);
        Assert.Empty(panel.FindAll("del, ins"));
    }

    private static ClaimPlan Plan(params PlannedResource[] resources) => new("example.com/v1", "Database", "shop", "db", "made", resources, [], []);
}
