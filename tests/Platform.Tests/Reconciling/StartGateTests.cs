using Flagstone.Platform.Reconciling;

namespace Flagstone.Platform.Tests.Reconciling;

public sealed class StartGateTests
{
    [Fact]
    public async Task A_reconcile_begins_when_the_threads_have_caught_up()
    {
        var waiting = StartGate.Busy + 3;
        using var gate = new StartGate(() => waiting--);

        await gate.EnterAsync();

        Assert.Equal(StartGate.Busy - 1, waiting);
    }

    [Fact]
    public async Task Under_load_that_never_ends_reconciles_begin_too()
    {
        var asked = 0;
        using var gate = new StartGate(() => ++asked > 0 ? long.MaxValue : 0);

        await Task.WhenAll(gate.EnterAsync(), gate.EnterAsync());

        Assert.Equal(2 * StartGate.MaxPasses, asked);
    }
}
