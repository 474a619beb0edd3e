using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Ui.Shell;

/// <summary>An assembly that brings pages.</summary>
public sealed record ConsolePages(Assembly Assembly);

/// <summary>An entry of the navigation.</summary>
/// <param name="Icon">An SVG path of MudBlazor's <c>Icons</c>.</param>
/// <param name="Shortcut">The second key after <c>g</c>, or null for none.</param>
public sealed record NavItem(string Title, string Href, string Icon, int Order, string? Shortcut = null)
{
    /// <summary>True for a page that another page leads to: the navigation does not show it, and its keys lead to it from everywhere.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>A component that stands behind the title, such as a count; null for none.</summary>
    public Type? Mark { get; init; }
}

/// <summary>How a module brings its pages to the console.</summary>
public static class ConsolePagesExtensions
{
    /// <summary>Adds the pages in the assembly of <typeparamref name="T"/>, and where the navigation leads to them.</summary>
    public static IServiceCollection AddConsolePages<T>(this IServiceCollection services, params ReadOnlySpan<NavItem> nav)
    {
        services.AddSingleton(new ConsolePages(typeof(T).Assembly));
        foreach (var item in nav)
        {
            services.AddSingleton(item);
        }

        return services;
    }
}
