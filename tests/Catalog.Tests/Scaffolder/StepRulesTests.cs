using System.Text.Json.Nodes;
using Flagstone.Catalog.Scaffolder;

namespace Flagstone.Catalog.Tests.Scaffolder;

public sealed class StepRulesTests
{
    private static readonly RunState State = new RunState(
        new RunIdentity(Guid.Empty, DateTimeOffset.UnixEpoch, "user:default/zoe"),
        new JsonObject { ["name"] = "web", ["flag"] = true, ["list"] = new JsonArray("a", "b", "c") },
        new JsonObject { ["ref"] = "user:default/zoe" })
        .With("publish", new JsonObject { ["commitHash"] = "abc" });

    [Fact]
    public void An_input_sees_parameters_outputs_and_the_user()
    {
        var plan = Plan("""{"to": "${{ parameters.name }}", "at": "${{ steps.publish.output.commitHash }}", "by": "${{ user.ref }}", "n": 3}""");
        Assert.Equal("""{"to":"web","at":"abc","by":"user:default/zoe","n":3}""", Assert.IsType<StepInput>(plan).Input.ToJsonString());
    }

    [Theory]
    [InlineData("${{ parameters.flag }}", true)]
    [InlineData("${{ not parameters.flag }}", false)]
    [InlineData("${{ parameters.missing }}", false)]
    [InlineData("${{ parameters.name === 'web' }}", true)]
    [InlineData("${{ [] }}", false)]
    [InlineData("${{ {} }}", true)]
    [InlineData("${{ 0 }}", false)]
    public void A_condition_holds_by_the_rule_of_Backstage(string condition, bool runs) =>
        Assert.Equal(runs, Plan("{}", condition) is StepInput);

    [Fact]
    public void A_condition_that_cannot_be_rendered_stops_the_run_and_does_not_count_as_true()
    {
        var refused = Assert.IsType<StepRefused>(Plan("{}", "${{ parameters.flag && false }}"));
        Assert.Equal("Step 's' cannot be rendered: if: Template error at line 1, column 21: Unexpected character \"&\"", refused.Message);
    }

    [Fact]
    public void A_step_goes_through_a_list_and_asks_its_condition_for_each()
    {
        var plan = Plan("""{"x": "${{ each.key }}${{ each.value }}"}""", "${{ each.value != 'b' }}", "${{ parameters.list }}");
        Assert.Equal(["""{"x":"0a"}""", """{"x":"2c"}"""], Assert.IsType<StepInputs>(plan).Inputs.Select(input => input.ToJsonString()));
    }

    [Fact]
    public void A_step_cannot_go_through_a_string() =>
        Assert.IsType<StepRefused>(Plan("{}", each: "${{ parameters.name }}"));

    private static StepPlan Plan(string input, string? condition = null, string? each = null)
    {
        var step = new TemplateStep("s", "s", "debug:log", JsonNode.Parse(input)!.AsObject(), condition, each);
        return StepRules.Plan(step, State, TestContext.Current.CancellationToken);
    }
}
