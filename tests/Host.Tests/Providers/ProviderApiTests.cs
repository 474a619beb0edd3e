using System.Net;
using System.Text.Json.Nodes;

namespace Flagstone.Host.Tests.Providers;

public sealed class ProviderApiTests(HostFixture fixture)
{
    [Fact]
    public async Task Providers_say_how_they_do_with_their_places_and_kinds_and_as_metrics()
    {
        using var client = fixture.Host.Client();

        var (status, body) = await client.ReadAsync("/api/v1/providers");

        Assert.Equal(HttpStatusCode.OK, status);
        var providers = body["items"]!.AsArray().ToDictionary(p => p!.Value("name"), p => p!, StringComparer.Ordinal);
        Assert.Superset(new HashSet<string>(["kubernetes", "simulated", "sql"], StringComparer.Ordinal), providers.Keys.ToHashSet(StringComparer.Ordinal));
        Assert.Equal("Healthy", providers["kubernetes"].Value("health"));
        Assert.Contains("databases.postgresql.sql.crossplane.io", providers["sql"]["kinds"]!.AsArray().Select(k => k!.GetValue<string>()));
        Assert.Equal(32, providers["sql"]["bulkhead"]!["parallelism"]!.GetValue<int>());
        var metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("flagstone_provider_health{", metrics, StringComparison.Ordinal);
        Assert.Contains("provider=\"kubernetes\"", metrics, StringComparison.Ordinal);
    }
}
