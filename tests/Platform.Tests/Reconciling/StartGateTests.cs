using Flagstone.Platform.Reconciling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Flagstone.Platform.Tests.Reconciling;

public sealed class StartGateTests
{
    [Fact]
    public async Task A_reconcile_begins_when_the_threads_have_caught_up()
    {
        var waiting = StartGate.Busy + 3;
        var gate = new StartGate(() => waiting--, TimeProvider.System);

        await gate.EnterAsync();

        Assert.Equal(StartGate.Busy - 1, waiting);
    }

    [Fact]
    public async Task Under_load_that_never_ends_reconciles_begin_too()
    {
        var asked = 0;
        var gate = new StartGate(() => ++asked > 0 ? long.MaxValue : 0, TimeProvider.System);

        await Task.WhenAll(gate.EnterAsync(), gate.EnterAsync());

        Assert.Equal(2 * StartGate.MaxPasses, asked);
    }

    [Fact]
    public async Task No_more_are_under_way_at_once_than_the_machine_carries()
    {
        var gate = new StartGate(() => 0, new FakeTimeProvider());
        var passes = await Task.WhenAll(Enumerable.Range(0, StartGate.MaxUnderWay).Select(_ => gate.EnterAsync()));

        var next = gate.EnterAsync();
        Assert.False(next.IsCompleted);
        passes[0].Dispose();

        await next;
    }

    [Fact]
    public async Task One_that_hangs_does_no_harm_when_the_process_stops()
    {
        var clock = new FakeTimeProvider();
        var services = new ServiceCollection().AddSingleton(_ => new StartGate(() => 0, clock)).BuildServiceProvider();
        var pass = await services.GetRequiredService<StartGate>().EnterAsync();

        await services.DisposeAsync();
        clock.Advance(StartGate.Counted);

        pass.Dispose();
    }

    [Fact]
    public async Task Those_that_last_are_not_counted()
    {
        var clock = new FakeTimeProvider();
        var gate = new StartGate(() => 0, clock);
        var passes = await Task.WhenAll(Enumerable.Range(0, StartGate.MaxUnderWay).Select(_ => gate.EnterAsync()));

        clock.Advance(StartGate.Counted);
        var more = await Task.WhenAll(Enumerable.Range(0, StartGate.MaxUnderWay).Select(_ => gate.EnterAsync()));

        // Nor do they give their place back twice when they end.
        Array.ForEach(passes, p => p.Dispose());
        var next = gate.EnterAsync();
        Assert.False(next.IsCompleted);
        more[0].Dispose();
        await next;
    }
}
