using Flagstone.Ui.Home;
using Flagstone.Ui.Shell;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;

namespace Flagstone.Catalog.Console;

/// <summary>The module's pages in the console.</summary>
internal static class CatalogConsole
{
    public static IServiceCollection AddCatalogConsole(this IServiceCollection services)
    {
        services.AddConsolePages<Services.ServicesPage>(
            new NavItem("Services", "/services", Icons.Material.Outlined.Widgets, 10, "c"),
            new NavItem("Golden paths", "/golden-paths", Icons.Material.Outlined.AltRoute, 20, "p"),
            new NavItem("Runs", "/runs", Icons.Material.Outlined.PlaylistPlay, 30, "r"));
        services.AddSingleton<CatalogReader>();
        services.AddSingleton<Services.CommitReader>();
        services.AddSingleton<IHomeSource, ServicesAtHome>();
        services.AddSingleton<IHomeSource, SourcesAtHome>();
        services.AddSingleton<IHomeSource, RunsAtHome>();
        return services;
    }
}
