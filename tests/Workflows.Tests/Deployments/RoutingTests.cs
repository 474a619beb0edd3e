using System.Text;
using Flagstone.Workflows.Deployments;

namespace Flagstone.Workflows.Tests.Deployments;

/// <summary>Where the tasks of a queue go.</summary>
public sealed class RoutingTests
{
    [Theory]
    [InlineData("", 0xdc56d17au)]
    [InlineData("a", 0x3c973d4du)]
    [InlineData("ab", 0x417330fdu)]
    [InlineData("abc", 0x2f635ec7u)]
    [InlineData("abcd", 0x98b51e95u)]
    [InlineData("abcde", 0xa3f366acu)]
    [InlineData("abcdefghij", 0xf2669361u)]
    [InlineData("Discard medicine more than two years old.", 0xe273108fu)]
    public void A_place_is_the_fingerprint_of_FarmHash(string text, uint place) => Assert.Equal(place, WorkflowPlace.Of(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void The_last_word_about_a_queue_counts()
    {
        var routing = QueueRouting.Of(
        [
            new("one:1", "one:1", 10, "one:2", 20, 30), new("one:2", "one:1", 10, "one:2", 20, 30), new("two:1", "two:1", 20, null, 0, 0),
        ]);

        Assert.Equal(("two:1", "one:2", 20f), (routing.Current, routing.Ramping, routing.Percentage));
    }

    [Fact]
    public void A_version_that_does_without_the_queue_gets_none_of_its_work()
    {
        var routing = QueueRouting.Of([new("one:1", "one:2", 10, null, 0, 0)]);

        Assert.Equal("", routing.TargetOf("wf"));
        Assert.Equal("one:1", routing.LaneOf("one:1", "wf", isIndependent: false));
        Assert.Equal("", routing.LaneOf("one:2", "wf", isIndependent: true));
    }

    [Fact]
    public void A_ramp_takes_its_part_of_the_workflows_and_the_rows_of_both_parts_are_all()
    {
        var routing = new QueueRouting(["one:1", "one:2"], "one:1", 1, "one:2", 30, 1);
        var ids = Enumerable.Range(0, 1_000).Select(i => $"wf-{i}").ToList();

        Assert.InRange(ids.Count(i => routing.TargetOf(i) == "one:2"), 250, 350);
        Assert.All(ids, id =>
        {
            var (from, to) = routing.PlacesOf(routing.TargetOf(id));
            Assert.InRange(WorkflowPlace.Of(id), from, to - 1);
        });
        Assert.Equal(routing.PlacesOf("one:2").To, routing.PlacesOf("one:1").From);
        Assert.Equal((0, 0), routing.PlacesOf("one:3"));
        Assert.Equal((0, 1L << 32), (routing with { Percentage = 100 }).PlacesOf("one:2"));
    }

    [Fact]
    public void Without_versions_all_tasks_go_to_workers_without_one()
    {
        Assert.Equal("", QueueRouting.None.LaneOf(Directives.Free, "wf", isIndependent: false));
        Assert.Equal("", QueueRouting.None.LaneOf(Directives.Ramping, "wf", isIndependent: false));
        Assert.Equal("", QueueRouting.None.LaneOf("one:1", "wf", isIndependent: true));
    }
}
