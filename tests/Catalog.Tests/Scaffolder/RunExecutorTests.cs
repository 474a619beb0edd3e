using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Catalog.Scaffolder.Actions;
using Flagstone.Catalog.Scaffolder.Skeletons;

namespace Flagstone.Catalog.Tests.Scaffolder;

public sealed class RunExecutorTests
{
    private readonly List<string> progress = [];

    [Fact]
    public async Task Steps_run_in_order_and_see_what_came_before()
    {
        var outcome = await RunAsync("""
            steps:
              - {id: a, action: echo, input: {x: "${{ parameters.name }}"}}
              - {id: left-out, action: echo, if: "${{ steps.a.output.x != 'web' }}"}
              - {id: b, action: echo, each: [1, 2], input: {x: "${{ each.value + 10 }}", y: "${{ steps.a.output.x }}"}}
            output:
              all: "${{ steps.b.output }}"
              links:
                - {title: shown, url: "http://${{ steps.a.output.x }}"}
                - {title: hidden, if: "${{ not parameters.name }}"}
            """);
        Assert.Equal(
            """{"all":{"x":[11,12],"y":["web","web"]},"links":[{"title":"shown","url":"http://web"}]}""",
            Assert.IsType<RunSucceeded>(outcome).Output.ToJsonString());
        Assert.Equal(
            ["a Processing", "a Completed", "left-out Processing", "left-out Skipped", "b Processing", "b Completed"],
            progress);
    }

    [Theory]
    [InlineData("{id: a, action: nothing}", "Step 'a' asks for the action 'nothing', which is not there. Use one of: echo.")]
    [InlineData("{id: a, action: echo, input: {refuse: too bad}}", "too bad")]
    [InlineData("{id: a, action: echo, each: [1, 2], input: {refuse: too bad}}", "too bad")]
    [InlineData("{id: a, action: echo, if: \"${{ x && y }}\"}", "Step 'a' cannot be rendered: if: Template error at line 1, column 7: Unexpected character \"&\"")]
    public async Task A_step_that_fails_ends_the_run_and_says_why(string step, string message)
    {
        var outcome = await RunAsync($"steps: [{step}, {{id: after, action: echo}}]");
        Assert.Equal(new RunFailed("a", message), outcome);
        Assert.Equal(["a Processing", "a Failed"], progress);
    }

    private async Task<RunOutcome> RunAsync(string spec)
    {
        var document = YamlText.ReadAll($"{{apiVersion: {TemplateDefinitionReader.ApiVersion}, kind: Template, metadata: {{name: t}}}}").Single();
        document["spec"] = YamlText.ReadAll(spec).Single();
        document["spec"]!["type"] = "service";
        var template = Assert.IsType<TemplateAccepted>(TemplateDefinitionReader.Read(document)).Definition;
        var run = new RunIdentity(Guid.Empty, DateTimeOffset.UnixEpoch, "zoe");
        return await new RunExecutor([new Echo()]).ExecuteAsync(
            template,
            new FolderSkeletons("/nowhere", FileLimits.Default),
            new RunState(run, new JsonObject { ["name"] = "web" }, []),
            step =>
            {
                progress.Add($"{step.Step} {step.Phase}");
                return ValueTask.CompletedTask;
            },
            TestContext.Current.CancellationToken);
    }

    private sealed class Echo : IScaffolderAction
    {
        public string Name => "echo";

        public Task<ActionOutcome> RunAsync(ActionContext context, CancellationToken ct) => Task.FromResult<ActionOutcome>(
            context.Input["refuse"] is { } reason
                ? new ActionRefused(reason.GetValue<string>())
                : new ActionDone(context.Input.DeepClone().AsObject()));
    }
}
