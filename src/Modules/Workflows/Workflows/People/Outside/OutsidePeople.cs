using Flagstone.Platform.Reconciling;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Workflows.People.Outside;

/// <summary>Registers what asks people for workflows at the server elsewhere.</summary>
internal static class OutsidePeople
{
    public static IServiceCollection AddOutsidePeople(this IServiceCollection services)
    {
        services.AddSingleton<OutsideTaskStore>();
        services.AddSingleton<OutsideHistory>();
        services.AddSingleton<OutsideActivities>();
        services.AddTransient<OutsideSearch>();
        services.AddSingleton<PeopleNamespaces>();
        services.AddSingleton<PeopleActivity>();
        services.AddController<IOutsideRunGrain>(OutsideRunGrain.Controller, _ => []);
        services.AddController<IOutsideSweepGrain>(OutsideSweepGrain.Controller, _ => []);
        services.AddHostedService<OutsideSweepStart>();
        return services;
    }
}
