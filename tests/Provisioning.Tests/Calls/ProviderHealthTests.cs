using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed.Calls;
using Flagstone.Provisioning.Managed.Health;
using Microsoft.Extensions.Time.Testing;

namespace Flagstone.Provisioning.Tests.Calls;

public sealed class ProviderHealthTests : IDisposable
{
    private static readonly ResourceKey Key = new(new KindId("things", "fake.example.com"), "", "one");

    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly ProviderBulkhead bulkhead;
    private readonly ProviderWindow window;

    public ProviderHealthTests()
    {
        bulkhead = new ProviderBulkhead(new BulkheadOptions { Parallelism = 2 }, clock);
        window = new ProviderWindow("fake", bulkhead, clock);
    }

    public void Dispose() => bulkhead.Dispose();

    [Fact]
    public void Who_is_not_asked_is_healthy() => Assert.Equal((HealthState.Healthy, ""), (window.Read().State, window.Read().Reason));

    [Fact]
    public void A_row_of_failures_is_down_since_its_judgement_and_an_answer_ends_it()
    {
        Call(CallResult.Answered);
        Call(CallResult.Failed, "connection refused", ProviderHealthRules.RowOfFailures);

        var down = window.Read();
        Assert.Equal((HealthState.Down, "Nothing succeeds any more: connection refused"), (down.State, down.Reason));
        Assert.Equal(clock.GetUtcNow() - TimeSpan.FromSeconds(ProviderHealthRules.RowOfFailures - 1), down.Problem!.Since);
        Assert.Equal(clock.GetUtcNow(), down.Problem.At);

        Call(CallResult.Answered);
        Assert.Equal(HealthState.Degraded, window.Read().State);
        Assert.True(window.Read().Problem!.Answered);

        clock.Advance(ProviderWindow.Length + TimeSpan.FromSeconds(1));
        Assert.Equal((HealthState.Healthy, 0), (window.Read().State, window.Read().Figures.Calls));
        Assert.Equal(clock.GetUtcNow(), window.Read().Since);
    }

    [Fact]
    public void What_the_provider_refuses_for_a_fault_of_the_resource_is_no_fault_of_its_own()
    {
        Call(CallResult.Refused, "no such region", 20);

        Assert.Equal((HealthState.Healthy, 20), (window.Read().State, window.Read().Refused));
        Assert.Null(window.Read().Problem);
    }

    [Fact]
    public void Few_failures_among_many_answers_are_borne()
    {
        Call(CallResult.Answered, times: 100);
        Call(CallResult.Failed, "reset", 4);

        Assert.Equal(HealthState.Healthy, window.Read().State);
    }

    [Fact]
    public void Calls_that_do_not_come_back_show_before_they_end()
    {
        var first = Begin();
        clock.Advance(ProviderHealthRules.Slow + TimeSpan.FromSeconds(1));
        Assert.Equal(HealthState.Degraded, window.Read().State);

        Begin();
        clock.Advance(ProviderHealthRules.Slow + TimeSpan.FromSeconds(1));
        var down = window.Read();
        Assert.Equal((HealthState.Down, "All its places are held by calls that it does not answer"), (down.State, down.Reason));
        Assert.Equal(22, down.Figures.OldestCall.TotalSeconds);

        window.End(first, new Judged(CallResult.Answered));
        Assert.Equal((HealthState.Degraded, 1), (window.Read().State, window.Read().UnderWay));
    }

    [Fact]
    public void Times_are_the_recent_ones()
    {
        for (var n = 1; n <= 20; n++)
        {
            Call(CallResult.Answered, took: TimeSpan.FromSeconds(n));
        }

        var report = window.Read();
        Assert.Equal((10, 19, 20), (report.Median.TotalSeconds, report.Figures.Percentile95.TotalSeconds, report.Longest.TotalSeconds));
        Assert.Equal((HealthState.Degraded, "It answers slowly"), (report.State, report.Reason));
    }

    [Fact]
    public void Who_may_not_see_the_resource_is_not_told_what_was_said_of_it()
    {
        Call(CallResult.Failed, "database 'payroll' is locked", ProviderHealthRules.RowOfFailures);

        var hidden = ProviderEndpoints.View(window.Read(), [], _ => false);
        var shown = ProviderEndpoints.View(window.Read(), [], _ => true);

        Assert.DoesNotContain("payroll", System.Text.Json.JsonSerializer.Serialize(hidden), StringComparison.Ordinal);
        Assert.Null(hidden.LastError!.Resource);
        Assert.Equal("database 'payroll' is locked", shown.LastError!.Message);
        Assert.Equal("things.fake.example.com one", shown.LastError.Resource);
    }

    private ProviderCall Begin()
    {
        var call = new ProviderCall("fake", "observe", Key, clock.GetTimestamp());
        window.Begin(call);
        return call;
    }

    private void Call(CallResult result, string problem = "", int times = 1, TimeSpan? took = null)
    {
        for (var n = 0; n < times; n++)
        {
            var call = Begin();
            clock.Advance(took ?? TimeSpan.FromSeconds(1));
            window.End(call, new Judged(result, problem));
        }
    }
}
