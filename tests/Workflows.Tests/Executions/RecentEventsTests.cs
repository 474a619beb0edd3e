using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>The end of a history that an execution keeps in memory.</summary>
public sealed class RecentEventsTests
{
    private readonly RecentEvents recent = new();

    [Fact]
    public void What_was_stored_lately_is_there_from_any_of_its_ids_on()
    {
        recent.Add("run", [Event(1), Event(2)]);
        recent.Add("run", [Event(3)]);

        Assert.Equal([1L, 2L, 3L], recent.From("run", 1).Select(e => e.EventId));
        Assert.Equal([3L], recent.From("run", 3).Select(e => e.EventId));
    }

    [Fact]
    public void Where_the_first_one_is_missing_nothing_is_there()
    {
        recent.Add("run", [Event(5)]);

        Assert.Empty(recent.From("run", 4));
        Assert.Empty(recent.From("other", 5));
    }

    [Theory]
    [InlineData(100, 10)]
    [InlineData(10, 10_000)]
    public void Only_so_much_is_kept(int count, int bytes)
    {
        recent.Add("run", [.. Enumerable.Range(1, count).Select(i => Event(i, bytes))]);

        var first = count - Enumerable.Range(1, count).TakeWhile(kept => kept <= 64 && kept * (bytes + 20L) <= 64 * 1024).Count() + 1;
        Assert.Empty(recent.From("run", first - 1));
        Assert.Equal(count - first + 1, recent.From("run", first).Count());
    }

    [Fact]
    public void Another_run_takes_its_place()
    {
        recent.Add("run", [Event(1)]);
        recent.Add("next", [Event(1), Event(2)]);

        Assert.Empty(recent.From("run", 1));
        Assert.Equal(2, recent.From("next", 1).Count());
    }

    private static (long Id, byte[] Body) Event(long id, int bytes = 1) =>
        (id, new HistoryEvent { EventId = id, WorkflowExecutionSignaledEventAttributes = new() { SignalName = new string('x', bytes) } }.ToByteArray());
}
