using Flagstone.Platform.Data;

namespace Flagstone.Platform.Tests.Data;

public sealed class LoopbackPortTests
{
    [Theory]
    [InlineData("20000-25999", 20_000, 25_999)]
    [InlineData("7000-7000", 7_000, 7_000)]
    public void Programs_beside_each_other_are_given_ranges_of_their_own(string text, int first, int last) =>
        Assert.Equal((first, last), LoopbackPorts.RangeOf(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("20000")]
    [InlineData("26000-20000")]
    [InlineData("0-100")]
    [InlineData("20000-70000")]
    public void What_is_no_range_leaves_all_below_the_ports_of_outgoing_connections(string? text) => Assert.Equal((20_000, 31_999), LoopbackPorts.RangeOf(text));
}
