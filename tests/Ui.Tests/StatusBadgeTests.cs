using System.Text.Json.Nodes;
using Bunit;
using Flagstone.Ui.Components;

namespace Flagstone.Ui.Tests;

public sealed class StatusBadgeTests
{
    [Fact]
    public async Task A_status_is_told_by_word_by_colour_and_by_shape()
    {
        await using var context = UiContext.Create();

        var badge = context.Render<StatusBadge>(p => p.Add(b => b.Value, new Status("Degraded", Tone.Warning, "1 of 2 instances answer.")));

        var root = badge.Find(".fs-status");
        Assert.Equal("Degraded", root.TextContent.Trim());
        Assert.Contains("fs-tone-warning", root.ClassList);
        Assert.Equal("triangle", badge.Find("svg").GetAttribute("data-shape"));
        Assert.Equal("true", badge.Find("svg").GetAttribute("aria-hidden"));
        Assert.Equal("1 of 2 instances answer.", root.GetAttribute("title"));
    }

    [Fact]
    public async Task No_two_tones_share_a_shape()
    {
        await using var context = UiContext.Create();

        var shapes = Enum.GetValues<Tone>().Select(t => context.Render<StatusShape>(p => p.Add(s => s.Tone, t)).Find("svg").GetAttribute("data-shape"));

        Assert.Equal(Enum.GetValues<Tone>().Length, shapes.Distinct().Count());
    }

    [Theory]
    [InlineData("True", "Available", "True", "Ready", Tone.Good)]
    [InlineData("False", "Waiting", "True", "Not ready", Tone.Busy)]
    [InlineData("False", "Creating", "True", "Creating", Tone.Busy)]
    [InlineData("False", "CreateFailed", "True", "Failing", Tone.Bad)]
    [InlineData("True", "Available", "False", "Not synced", Tone.Bad)]
    public void Conditions_are_one_word(string ready, string reason, string synced, string word, Tone tone)
    {
        var document = JsonNode.Parse($$"""
            {
              "metadata": { "name": "db" },
              "status": {
                "conditions": [
                  { "type": "Ready", "status": "{{ready}}", "reason": "{{reason}}" },
                  { "type": "Synced", "status": "{{synced}}", "reason": "ReconcileError" }
                ]
              }
            }
            """)!.AsObject();

        var status = Status.OfConditions(document);

        Assert.Equal((word, tone), (status.Word, status.Tone));
    }

    [Fact]
    public void A_resource_that_reports_nothing_is_pending_and_one_on_its_way_out_is_deleting()
    {
        Assert.Equal("Pending", Status.OfConditions(JsonNode.Parse("""{ "metadata": { "name": "db" } }""")!.AsObject()).Word);
        Assert.Equal("Deleting", Status.OfConditions(JsonNode.Parse("""{ "metadata": { "deletionTimestamp": "2026-11-25T12:00:00Z" } }""")!.AsObject()).Word);
    }
}
