using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Metrics;

/// <summary>Registers the Metrics module with the host.</summary>
public static class MetricsModule
{
    public static IHostApplicationBuilder AddMetrics(this IHostApplicationBuilder builder) => builder;

    public static IEndpointRouteBuilder MapMetrics(this IEndpointRouteBuilder app) => app;
}
