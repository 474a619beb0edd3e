using Flagstone.Catalog.Console;
using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Deployments;
using Flagstone.Catalog.Endpoints;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Onboarding;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Repositories.Http;
using Flagstone.Catalog.Retiring;
using Flagstone.Catalog.Runs;
using Flagstone.Catalog.Services;
using Flagstone.Catalog.Sources;
using Flagstone.Platform;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Data;
using Flagstone.Platform.Http;
using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Contracts.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Catalog;

/// <summary>Registers the Catalog module with the host.</summary>
public static class CatalogModule
{
    public static IHostApplicationBuilder AddCatalog(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        foreach (var kind in EntityKinds.All().Concat(TemplateKinds.All()).Concat(GitKinds.All()))
        {
            services.AddSingleton(kind);
        }

        services.AddSingleton<IAdmissionRule, ActorRule>();
        services.AddSingleton<IAdmissionRule, DeclaredClaimRule>();
        services.AddRepositories();
        services.AddSingleton<RunActions>();
        services.AddSingleton<RunChecks>();
        services.AddSingleton<TemplateSkeletons>();
        services.AddSingleton<BuiltInTemplates>();
        services.AddSingleton<CommitPlanner>();
        services.AddSingleton<SourceDrift>();
        services.AddSingleton<Releases>();
        services.AddSingleton<Rollback>();
        services.AddSingleton<ServiceReader>();
        services.AddSingleton<ServiceDetails>();
        services.AddSingleton<RunEvents>();
        services.AddSingleton<ICatalog, StoredCatalog>();
        services.AddSingleton<IProcessKind, RetireService>();
        services.AddSingleton<IProcessKind, OnboardTeam>();
        services.AddHostedService<CatalogStart>();
        services.AddController<ITemplateRunGrain>(TemplateRunGrain.Controller, TemplateRunGrain.Route);
        services.AddController<IGitSourceGrain>(GitSourceGrain.Controller, GitSourceGrain.Route);
        services.AddController<IReleaseGrain>(ReleaseGrain.Controller, ReleaseGrain.Route);
        services.AddController<IRepositoryGrain>(RepositoryGrain.Controller, RepositoryGrain.Route);
        services.AddController<IServiceGrain>(ServiceGrain.Controller, ServiceRoutes.Services);
        services.AddController<ITeamGrain>(TeamGrain.Controller, ServiceRoutes.Teams);
        services.AddCatalogConsole();
        return builder;
    }

    public static IEndpointRouteBuilder MapCatalog(this IEndpointRouteBuilder app)
    {
        app.ServiceProvider.GetRequiredService<GitHttpBackend>().Map(app).ExcludeFromDescription();
        var api = app.MapGroup("/api/v1").RequireCaller();
        api.MapTemplates();
        api.MapRuns();
        api.MapServices();
        api.MapTeams();
        return app;
    }

    private static void AddRepositories(this IServiceCollection services)
    {
        services.AddSingleton(s => new RepositoryFolder(s.GetRequiredService<DataFolder>().In("git")));
        services.AddSingleton<HostedRepositories>();
        services.AddSingleton(s => new RepositoryUrls(new Uri(s.GetRequiredService<PlatformOptions>().PublicUrl)));
        services.AddSingleton<PushRecorder>();
        services.AddSingleton<GitAuthorization>();
        services.AddSingleton(s =>
        {
            var authorization = s.GetRequiredService<GitAuthorization>();
            return new GitHttpBackend(
                s.GetRequiredService<HostedRepositories>(), new GitHttpOptions(), authorization.AuthorizeAsync, authorization.PushedAsync,
                s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<GitHttpBackend>>());
        });
    }
}
