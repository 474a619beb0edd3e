using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Workflows;

/// <summary>Registers the Workflows module with the host.</summary>
public static class WorkflowsModule
{
    public static IHostApplicationBuilder AddWorkflows(this IHostApplicationBuilder builder) => builder;

    public static IEndpointRouteBuilder MapWorkflows(this IEndpointRouteBuilder app) => app;
}
