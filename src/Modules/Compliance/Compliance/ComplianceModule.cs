using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Compliance;

/// <summary>Registers the Compliance module with the host.</summary>
public static class ComplianceModule
{
    public static IHostApplicationBuilder AddCompliance(this IHostApplicationBuilder builder) => builder;

    public static IEndpointRouteBuilder MapCompliance(this IEndpointRouteBuilder app) => app;
}
