using Flagstone.Host.Memory;

namespace Flagstone.Host.Tests.Memory;

public sealed class LullTests
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    private readonly Lull lull = new();
    private ProcessUse use;

    [Fact]
    public void What_a_load_left_is_collected_once_the_process_rests_for_longer_than_idle_grains_stay()
    {
        Assert.Null(After(TimeSpan.FromMinutes(10), share: 0.8, perLook: Lull.Worth));

        Assert.Equal(Lull.Shortest, After(TimeSpan.FromHours(1), share: 0.02));
    }

    [Fact]
    public void A_process_that_works_is_left_to_the_runtime() => Assert.Null(After(TimeSpan.FromHours(5), Lull.Rest, perLook: Lull.Worth));

    [Fact]
    public void A_process_that_has_allocated_little_since_has_nothing_to_give()
    {
        Assert.NotNull(After(TimeSpan.FromHours(1), share: 0.02, perLook: Lull.Worth));
        lull.Collected(use, Lull.Worth);

        Assert.Null(After(TimeSpan.FromMinutes(20), share: 0.02, perLook: Lull.Worth / 50));
        Assert.NotNull(After(TimeSpan.FromMinutes(10), share: 0.02, perLook: Lull.Worth / 50));
    }

    [Fact]
    public void Rest_that_work_breaks_begins_anew()
    {
        Assert.Null(After(TimeSpan.FromMinutes(10), share: 0.8, perLook: Lull.Worth));
        Assert.Null(After(Lull.Shortest - Look, share: 0.02));
        Assert.Null(After(Look, share: 0.5));

        Assert.Equal(Lull.Shortest, After(TimeSpan.FromHours(1), share: 0.02));
    }

    [Fact]
    public void What_gave_little_back_is_tried_again_later_each_time_until_there_is_work_again()
    {
        Assert.Null(After(TimeSpan.FromMinutes(1), share: 0.8, perLook: Lull.Worth));
        var waits = new List<double>();
        for (var i = 0; i < 6; i++)
        {
            waits.Add(After(TimeSpan.FromHours(5), share: 0.02, perLook: Lull.Worth)!.Value.TotalMinutes);
            lull.Collected(use, Lull.Worth - 1);
        }

        Assert.Equal([4, 8, 16, 32, 64, 64], waits);

        Assert.Null(After(TimeSpan.FromMinutes(1), share: 0.8, perLook: Lull.Worth));
        Assert.Equal(Lull.Shortest, After(TimeSpan.FromHours(5), share: 0.02, perLook: Lull.Worth));
    }

    [Fact]
    public void What_gave_much_back_is_looked_for_again_as_soon()
    {
        Assert.NotNull(After(TimeSpan.FromHours(5), share: 0.02, perLook: Lull.Worth));
        lull.Collected(use, Lull.Worth);

        Assert.Equal(Lull.Shortest, After(TimeSpan.FromHours(5), share: 0.02, perLook: Lull.Worth));
    }

    /// <summary>Lets time pass until it is time to collect, and returns how long that took; null when it did not come in the time given.</summary>
    /// <param name="share">Of one processor.</param>
    /// <param name="perLook">Bytes allocated from one look to the next.</param>
    private TimeSpan? After(TimeSpan most, double share, long perLook = 0)
    {
        var from = use.At;
        while (use.At < from + most)
        {
            use = new ProcessUse(use.At + Look, use.Processor + Look * share, use.Allocated + perLook);
            if (lull.Look(use))
            {
                return use.At - from;
            }
        }

        return null;
    }
}
