using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Provisioning;

/// <summary>Registers the Provisioning module with the host.</summary>
public static class ProvisioningModule
{
    public static IHostApplicationBuilder AddProvisioning(this IHostApplicationBuilder builder) => builder;

    public static IEndpointRouteBuilder MapProvisioning(this IEndpointRouteBuilder app) => app;
}
