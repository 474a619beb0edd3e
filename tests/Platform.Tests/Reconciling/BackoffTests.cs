using CsCheck;
using Flagstone.Platform.Reconciling;

namespace Flagstone.Platform.Tests.Reconciling;

public sealed class BackoffTests
{
    [Fact]
    public void It_grows_from_half_a_second_to_five_minutes_less_a_quarter_at_the_most() =>
        Gen.Select(Gen.Int[1, 10_000], Gen.Double[0, 1]).Sample((attempt, random) =>
        {
            var full = TimeSpan.FromSeconds(Math.Min(300, 0.5 * Math.Pow(2, attempt - 1)));
            var delay = Backoff.After(attempt, random);
            Assert.InRange(delay, full * 0.75, full);
        });
}
