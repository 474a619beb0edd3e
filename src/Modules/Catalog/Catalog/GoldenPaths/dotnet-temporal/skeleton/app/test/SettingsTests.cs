using Microsoft.Extensions.Configuration;

namespace Service.Tests;

public sealed class SettingsTests
{
    private static readonly (string, string)[] Complete =
    [
        ("SERVICE_NAME", "orders"), ("TEMPORAL_ADDRESS", "temporal.internal:7233"), ("TEMPORAL_NAMESPACE", "orders-x1"), ("TEMPORAL_API_KEY", "secret"),
        ("TEMPORAL_TLS", "true"), ("TEMPORAL_TASK_QUEUE", "quick"),
    ];

    [Fact]
    public void Temporal_comes_from_the_environment() =>
        Assert.Equal(new TemporalSettings("temporal.internal:7233", "orders-x1", "quick", "secret", true), Read(Complete).Settings?.Temporal);

    [Fact]
    public void A_server_on_a_laptop_needs_its_address_and_namespace_alone() => Assert.Equal(
        new TemporalSettings("localhost:7233", "default", "orders", null, false),
        Read(("SERVICE_NAME", "orders"), ("TEMPORAL_ADDRESS", "localhost:7233"), ("TEMPORAL_NAMESPACE", "default")).Settings?.Temporal);

    [Fact]
    public void The_port_is_8080_unless_the_platform_gives_another()
    {
        Assert.Equal(8080, Read(Complete).Settings?.Port);
        Assert.Equal(3000, Read([.. Complete, ("PORT", "3000")]).Settings?.Port);
    }

    [Fact]
    public void Everything_that_is_missing_or_wrong_is_named_at_once()
    {
        Assert.Equal(
            "The configuration is not usable: PORT is 'http', which is not a port; TEMPORAL_ADDRESS is not set; TEMPORAL_NAMESPACE is not set.",
            Read(("PORT", "http")).Problem);
        var problem = Read([.. Complete, ("TEMPORAL_ADDRESS", "https://temporal.internal"), ("TEMPORAL_TLS", "yes")]).Problem;
        Assert.Contains("TEMPORAL_ADDRESS is 'https://temporal.internal', which is not HOST:PORT", problem, StringComparison.Ordinal);
        Assert.Contains("TEMPORAL_TLS is 'yes', which is neither true nor false", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    private static (Settings? Settings, string? Problem) Read(params (string Name, string Value)[] variables)
    {
        var environment = new ConfigurationBuilder().AddInMemoryCollection(variables.Select(v => KeyValuePair.Create(v.Name, (string?)v.Value)).Reverse().DistinctBy(v => v.Key)).Build();
        Settings.TryRead(environment, "greeter", out var settings, out var problem);
        return (settings, problem);
    }
}
