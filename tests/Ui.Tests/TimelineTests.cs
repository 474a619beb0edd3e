using System.Text.Json.Nodes;
using Bunit;
using Flagstone.Catalog.Runs;
using Flagstone.Ui.Components;

namespace Flagstone.Ui.Tests;

public sealed class TimelineTests
{
    private static readonly RunTrail Nothing = new([], [], [], null);

    [Fact]
    public async Task A_failed_step_shows_its_message_and_the_steps_after_it_wait()
    {
        await using var context = UiContext.Create();
        var run = JsonNode.Parse("""
            {
              "status": {
                "phase": "Failed",
                "steps": [
                  { "id": "fetch", "name": "Write the service", "phase": "Completed", "startedAt": "2026-11-25T11:59:58.000Z", "finishedAt": "2026-11-25T11:59:58.250Z" },
                  { "id": "publish", "name": "Publish", "phase": "Failed", "startedAt": "2026-11-25T11:59:58.250Z", "finishedAt": "2026-11-25T11:59:59.000Z", "message": "The name is taken." },
                  { "id": "register", "name": "Register", "phase": "Waiting" }
                ]
              }
            }
            """)!.AsObject();

        var timeline = context.Render<Timeline>(p => p.Add(t => t.Steps, RunTimeline.Steps(run)));

        Assert.Equal("ol", timeline.Find(".fs-timeline").LocalName);
        Assert.Contains("250 ms", timeline.Find("[data-step=fetch]").TextContent, StringComparison.Ordinal);
        var failed = timeline.Find("[data-step=publish]");
        Assert.Contains("fs-tone-bad", failed.ClassList);
        Assert.Equal("The name is taken.", failed.QuerySelector(".fs-timeline-message")!.TextContent);
        Assert.Equal("Waiting", timeline.Find("[data-step=register] .fs-timeline-word").TextContent);
    }

    [Fact]
    public async Task A_running_step_says_since_when_with_the_whole_time_at_hand()
    {
        await using var context = UiContext.Create();
        var step = new TimelineStep("publish", "Publish", new Status("Running", Tone.Busy), UiContext.Now.AddSeconds(-30));

        var timeline = context.Render<Timeline>(p => p.Add(t => t.Steps, [step]));

        var time = timeline.Find("time");
        Assert.Equal("30 s ago", time.TextContent);
        Assert.Equal("2026-11-25 11:59:30 UTC", time.GetAttribute("title"));
    }

    [Fact]
    public void What_follows_a_run_waits_until_it_is_there_and_ends_with_the_service()
    {
        var steps = RunTimeline.WayOn(Nothing);

        Assert.Equal(["sources", "claim", "deployment", "service"], steps.Select(s => s.Id));
        Assert.All(steps, s => Assert.Equal("Waiting", s.Status.Word));
    }

    [Fact]
    public void A_source_that_is_refused_says_which_and_why()
    {
        var source = JsonNode.Parse("""
            {
              "metadata": { "name": "orders-gitops" },
              "status": { "conditions": [ { "type": "Synced", "status": "False", "reason": "Refused", "message": "manifests/claim.yaml line 3: no such kind" } ] }
            }
            """)!.AsObject();

        var step = RunTimeline.WayOn(Nothing with { Sources = [source] })[0];

        Assert.Equal(Tone.Bad, step.Status.Tone);
        Assert.Equal("orders-gitops: manifests/claim.yaml line 3: no such kind", step.Message);
    }

    [Theory]
    [InlineData("component:default/orders", "/services/default/orders")]
    [InlineData("Component:default/orders", "/services/default/orders")]
    [InlineData("system:default/shop", "")]
    [InlineData("", "")]
    [InlineData("component", "")]
    public void An_entity_reference_leads_to_its_page(string reference, string href) => Assert.Equal(href, RunTimeline.EntityHref(reference));
}
