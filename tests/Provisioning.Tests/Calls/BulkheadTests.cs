using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Managed.Calls;
using Flagstone.Provisioning.Managed.Health;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Calls;

public sealed class BulkheadTests
{
    private const int Places = 4;
    private static readonly ResourceKey Key = new(new KindId("things", "slow.example.com"), "", "one");

    [Fact]
    public async Task A_provider_that_hangs_delays_no_other_provider()
    {
        var (slow, quick) = (new HangingProvider("slow") { Hangs = true, IgnoresCancellation = true }, new HangingProvider("quick"));
        await using var platform = Platform(slow, quick);
        await platform.InitializeAsync();
        // More than all that a scheduler lets run at once.
        await platform.ApplyAsync(string.Join("\n---\n", Enumerable.Range(0, 200).Select(n => Thing(slow, $"slow-{n}"))));
        await platform.WaitAsync("the slow provider's places to be taken", () => Task.FromResult(slow.Calls.Count == Places));

        var began = TimeProvider.System.GetTimestamp();
        await platform.ApplyAsync(string.Join("\n---\n", Enumerable.Range(0, 20).Select(n => Thing(quick, $"quick-{n}"))));
        for (var n = 0; n < 20; n++)
        {
            await platform.HasAsync(quick.Kind.Key("", $"quick-{n}"), "Ready");
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(15));
        Assert.Equal(Places, slow.Most);
        var waits = await platform.HasAsync(slow.Kind.Key("", "slow-199"), "Synced", "False");
        Assert.Equal("Others are at the provider 'slow', and its places are taken", waits.FindCondition("Synced")!.Message);

        slow.Release();
        await platform.HasAsync(slow.Kind.Key("", "slow-199"), "Ready");
        Assert.InRange(slow.Most, 1, Places);
    }

    [Fact]
    public async Task A_call_that_does_not_end_is_given_up_and_said_and_keeps_its_place_until_it_ends()
    {
        var slow = new HangingProvider("slow") { Hangs = true, IgnoresCancellation = true };
        await using var platform = Platform(slow);
        platform.Settings[$"{BulkheadOptions.Section}:slow:CallTimeout"] = "00:00:01";
        await platform.InitializeAsync();
        await platform.ApplyAsync(Thing(slow, "one"));

        var late = await platform.HasAsync(slow.Kind.Key("", "one"), "Synced", "False");

        Assert.Equal("observe failed: The provider 'slow' did not answer within 1 seconds", late.FindCondition("Synced")!.Message);
        Assert.Equal(1, slow.Calls["one"]);
        Assert.Equal(1, platform.Services.GetRequiredService<ProviderHealth>().Find("slow")!.Taken);

        slow.Release();
        await platform.HasAsync(slow.Kind.Key("", "one"), "Ready");
    }

    [Fact]
    public async Task Calls_begin_no_faster_than_the_setting_says()
    {
        using var bulkhead = new ProviderBulkhead(new BulkheadOptions { Parallelism = 8, PerSecond = 20 }, TimeProvider.System);
        var began = TimeProvider.System.GetTimestamp();

        // Twenty are there at the start; the rest takes a second.
        using var place = await bulkhead.TryEnterAsync(Key);
        for (var n = 0; n < 39; n++)
        {
            await bulkhead.TakeTurnAsync();
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.FromSeconds(0.7), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task One_resource_whose_calls_hang_takes_one_place()
    {
        using var bulkhead = new ProviderBulkhead(new BulkheadOptions { Parallelism = 2 }, TimeProvider.System);
        var call = new TaskCompletionSource();
        bulkhead.HoldUntil(call.Task, Key, (await bulkhead.TryEnterAsync(Key))!);

        Assert.Null(await bulkhead.TryEnterAsync(Key));
        Assert.Equal(1, bulkhead.Taken);
        using var other = await bulkhead.TryEnterAsync(Key with { Name = "two" });
        Assert.NotNull(other);

        call.SetResult();
        using var again = await bulkhead.TryEnterAsync(Key);
        Assert.NotNull(again);
    }

    [Fact]
    public void Those_that_are_put_off_come_back_one_by_one()
    {
        using var bulkhead = new ProviderBulkhead(new BulkheadOptions { PerSecond = 10 }, new Microsoft.Extensions.Time.Testing.FakeTimeProvider());

        Assert.Equal([500, 600, 700], Enumerable.Range(0, 3).Select(_ => bulkhead.PutOff().TotalMilliseconds));
        Assert.Equal(30_000, Enumerable.Range(0, 1000).Select(_ => bulkhead.PutOff().TotalMilliseconds).Max());
    }

    [Theory]
    [InlineData("Parallelism", "0")]
    [InlineData("Parallelism", "257")]
    [InlineData("PerSecond", "0")]
    [InlineData("PerSecond", "many")]
    [InlineData("CallTimeout", "00:01:00")]
    public void A_setting_out_of_range_ends_the_start(string setting, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new($"{BulkheadOptions.Section}:aws:{setting}", value)]).Build();

        Assert.Throws<InvalidOperationException>(() => BulkheadOptions.Read(configuration, "aws"));
    }

    [Fact]
    public void A_setting_is_over_the_default_of_its_provider_alone()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new($"{BulkheadOptions.Section}:aws:Parallelism", "3")]).Build();

        Assert.Equal((3, 50), (BulkheadOptions.Read(configuration, "aws").Parallelism, BulkheadOptions.Read(configuration, "aws").PerSecond));
        Assert.Equal(32, BulkheadOptions.Read(configuration, "sql").Parallelism);
    }

    private static PlatformHost Platform(params HangingProvider[] providers) => new()
    {
        Settings = { [$"{BulkheadOptions.Section}:slow:Parallelism"] = $"{Places}" },
        Adds = services =>
        {
            foreach (var provider in providers)
            {
                services.AddSingleton<IProviderDriver>(provider).AddSingleton(provider.Kind);
            }
        },
    };

    private static string Thing(HangingProvider provider, string name) => $"""
        apiVersion: {provider.Kind.ApiVersion}
        kind: {provider.Kind.Kind}
        metadata:
          name: {name}
        spec:
          forProvider: {"{}"}
        """;
}
