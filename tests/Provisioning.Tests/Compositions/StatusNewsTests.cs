using System.Text.Json.Nodes;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Tests.Compositions;

/// <summary>A composite whose functions tell it something is composed again: other templates may wait for that.</summary>
public sealed class StatusNewsTests
{
    [Theory]
    [InlineData("""{}""", """{ "status": { "arn": "a" } }""", true)]
    [InlineData("""{ "status": { "arn": "a", "conditions": [] } }""", """{ "status": { "arn": "a" } }""", false)]
    [InlineData("""{ "status": { "arn": "a" } }""", """{ "status": { "arn": "b" } }""", true)]
    [InlineData("""{ "status": { "arn": "a" } }""", """{}""", false)]
    public void What_the_composite_does_not_say_yet_is_news(string composite, string desired, bool isNews)
    {
        var rendering = new Rendering([], new Dictionary<string, ObservedResource>());
        foreach (var (member, value) in JsonNode.Parse(desired)!.AsObject())
        {
            rendering.DesiredComposite[member] = value?.DeepClone();
        }

        Assert.Equal(isNews, CompositeStatus.TellsNews(JsonNode.Parse(composite)!.AsObject(), rendering));
    }

    [Fact]
    public void A_status_that_is_never_the_same_is_composed_a_few_times_at_once_and_then_seldom()
    {
        Assert.Null(CompositeStatus.AfterNews(0));
        Assert.All(Enumerable.Range(1, 10), n => Assert.Equal(TimeSpan.FromMilliseconds(200), CompositeStatus.AfterNews(n)));
        Assert.Equal(TimeSpan.FromMinutes(1), CompositeStatus.AfterNews(11));
    }
}
