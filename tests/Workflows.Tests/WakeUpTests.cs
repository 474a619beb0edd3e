namespace Flagstone.Workflows.Tests;

public sealed class WakeUpTests
{
    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(9_999, 1)]
    [InlineData(10_000, 1)]
    [InlineData(10_001, 2)]
    [InlineData(19_999_999, 2_000)]
    [InlineData(20_000_000, 2_000)]
    public void A_wake_up_is_not_set_for_earlier_than_its_moment(long ticksLeft, long milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), WakeUp.Delay(TimeSpan.FromTicks(ticksLeft)));
}
