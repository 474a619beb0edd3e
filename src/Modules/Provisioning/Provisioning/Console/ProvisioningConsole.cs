using Flagstone.Provisioning.Claims;
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
        services.AddConsolePages<ClaimsPage>(new NavItem("Claims", "/claims", Icons.Material.Outlined.Storage, 15, "l"));
        services.AddSingleton<ClaimReader>();
        services.AddSingleton<IHomeSource, ClaimsAtHome>();
        return services;
    }
}
