using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Drift;
using Flagstone.Ui.Home;
using Flagstone.Ui.Shell;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;

namespace Flagstone.Provisioning.Console;

/// <summary>The module's pages in the console.</summary>
internal static class ProvisioningConsole
{
    public static IServiceCollection AddProvisioningConsole(this IServiceCollection services)
    {
        services.AddConsolePages<ClaimsPage>(
            new NavItem("Claims", "/claims", Icons.Material.Outlined.Storage, 15, "l"),
            new NavItem("Compositions", "/compositions", Icons.Material.Outlined.AccountTree, 16, "m"),
            new NavItem("Providers", "/providers", Icons.Material.Outlined.Hub, 17, "v"),
            new NavItem("Drift", "/drift", Icons.Material.Outlined.CompareArrows, 18, "d") { KeysOnly = true },
            new NavItem("Costs", "/costs", Icons.Material.Outlined.Payments, 19, "o") { KeysOnly = true });
        services.AddSingleton<ClaimReader>();
        services.AddSingleton<CompositionReader>();
        services.AddSingleton<DriftReader>();
        services.AddSingleton<ManagedProviders>();
        services.AddSingleton<IHomeSource, ClaimsAtHome>();
        return services;
    }
}
