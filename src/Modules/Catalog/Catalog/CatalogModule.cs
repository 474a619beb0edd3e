using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Catalog;

/// <summary>Registers the Catalog module with the host.</summary>
public static class CatalogModule
{
    public static IHostApplicationBuilder AddCatalog(this IHostApplicationBuilder builder) => builder;

    public static IEndpointRouteBuilder MapCatalog(this IEndpointRouteBuilder app) => app;
}
