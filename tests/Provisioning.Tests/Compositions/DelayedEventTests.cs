using System.Text.Json.Nodes;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Tests.Compositions;

/// <summary>How loud a composite says that a resource of it waits.</summary>
public sealed class DelayedEventTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly FunctionResult Delay = new(Severity.Warning, "not adding new composed resource") { IsDelay = true };

    [Theory]
    [InlineData("", 600, "Normal")]
    [InlineData("True", 600, "Normal")]
    [InlineData("False", 59, "Normal")]
    [InlineData("False", 61, "Warning")]
    public void What_waits_is_a_warning_once_the_composite_is_not_ready_for_a_minute(string ready, int seconds, string type) =>
        Assert.Equal(type, CompositeStatus.EventTypeOf(Delay, Composite(ready), Start.AddSeconds(seconds)));

    [Fact]
    public void Any_other_warning_is_one_at_once() =>
        Assert.Equal("Warning", CompositeStatus.EventTypeOf(Delay with { IsDelay = false }, Composite(""), Start));

    [Fact]
    public void The_composite_is_composed_again_when_the_minute_is_over_and_not_after_it()
    {
        var rendering = new Rendering(Composite("False"), new Dictionary<string, ObservedResource>());
        Assert.Null(CompositeStatus.AfterDelay(rendering, rendering.Composite, Start));
        rendering.Results.Add(Delay);

        Assert.Equal(TimeSpan.FromSeconds(20), CompositeStatus.AfterDelay(rendering, rendering.Composite, Start.AddSeconds(40)));
        Assert.Null(CompositeStatus.AfterDelay(rendering, rendering.Composite, Start.AddSeconds(60)));
    }

    private static JsonObject Composite(string ready) => ready.Length == 0 ? [] : new JsonObject
    {
        ["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = ready, ["lastTransitionTime"] = "2026-01-01T00:00:00Z" }),
        },
    };
}
