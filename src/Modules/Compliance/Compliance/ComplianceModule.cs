using Flagstone.Compliance.Admission;
using Flagstone.Platform.Admission;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Compliance;

/// <summary>Registers the Compliance module with the host.</summary>
public static class ComplianceModule
{
    public static IHostApplicationBuilder AddCompliance(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IAdmissionRule, ProtectedNamespaceRule>();
        builder.Services.AddSingleton<IAdmissionRule, SecretInTextRule>();
        return builder;
    }

    public static IEndpointRouteBuilder MapCompliance(this IEndpointRouteBuilder app) => app;
}
