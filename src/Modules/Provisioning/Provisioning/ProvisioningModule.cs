using System.ComponentModel.DataAnnotations;
using Flagstone.Platform;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Data;
using Flagstone.Platform.Kubernetes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Kinds;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Flagstone.Provisioning.BuiltIn;
using Flagstone.Provisioning.Changing;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.EnvironmentConfigs;
using Flagstone.Provisioning.Compositions.External;
using Flagstone.Provisioning.Compositions.Graphs;
using Flagstone.Provisioning.Compositions.Offline;
using Flagstone.Provisioning.Compositions.Revisions;
using Flagstone.Provisioning.Compositions.Tests;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Costs;
using Flagstone.Provisioning.Console;
using Flagstone.Provisioning.Drift;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Managed.Calls;
using Flagstone.Provisioning.Managed.Health;
using Flagstone.Provisioning.Plans;
using Flagstone.Provisioning.Protection;
using Flagstone.Provisioning.Providers.Aws;
using Flagstone.Provisioning.Providers.Aws.CloudControl;
using Flagstone.Provisioning.Providers.Aws.S3;
using Flagstone.Provisioning.Providers.Aws.Sqs;
using Flagstone.Provisioning.Providers.Kubernetes;
using Flagstone.Provisioning.Providers.Process;
using Flagstone.Provisioning.Providers.Process.Toolchains;
using Flagstone.Provisioning.Providers.Process.Redis;
using Flagstone.Provisioning.Providers.Simulated;
using Flagstone.Provisioning.Providers.Sql;
using Flagstone.Provisioning.Providers.Temporal;
using Flagstone.Provisioning.Rotating;
using Flagstone.Workflows.Contracts.Processes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Provisioning;

/// <summary>Registers the Provisioning module with the host.</summary>
public static class ProvisioningModule
{
    /// <summary>The module's own tables.</summary>
    public static MigrationSource Migrations { get; } = new("provisioning", typeof(ProvisioningModule).Assembly);

    /// <summary>A file of prices instead of the built-in list.</summary>
    private const string PriceListSetting = "Flagstone:Provisioning:PriceList";

    public static IHostApplicationBuilder AddProvisioning(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton(Migrations);
        services.AddCompositions();
        services.AddClaims();
        services.AddManagedResources(
            builder.Configuration.GetSection(SqlOptions.Section).Get<SqlOptions>() ?? new SqlOptions(),
            builder.Configuration.GetSection(AwsOptions.Section).Get<AwsOptions>() ?? new AwsOptions(),
            builder.Configuration.GetSection(KubernetesOptions.Section).Get<KubernetesOptions>() ?? new KubernetesOptions());
        services.AddSingleton(SimulatedOptions.Read(builder.Configuration));
        // Read now: a price list that cannot be read ends the start.
        services.AddSingleton(builder.Configuration[PriceListSetting] is { Length: > 0 } file ? ReadPrices(file) : PriceList.BuiltIn());
        services.AddServices();
        services.AddHostedService<BuiltInCatalog>();
        services.AddProvisioningConsole();
        return builder;
    }

    public static IEndpointRouteBuilder MapProvisioning(this IEndpointRouteBuilder app)
    {
        app.MapClaims();
        app.MapPlans();
        app.MapProviders();
        return app;
    }

    /// <summary>Renders a composite from files, without the platform and without storing anything.</summary>
    public static Task<RenderOutcome> RenderAsync(RenderArguments arguments, CancellationToken ct) => RenderCommand.RunAsync(arguments, TimeProvider.System, ct);

    private static PriceList ReadPrices(string file)
    {
        try
        {
            return PriceList.Parse(File.ReadAllText(file), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new ValidationException($"{PriceListSetting}: {e.Message}", e);
        }
    }

    private static void AddCompositions(this IServiceCollection services)
    {
        services.AddSingleton(CompositionKinds.Definition);
        services.AddSingleton(CompositionKinds.Composition);
        foreach (var kind in FunctionKinds.All)
        {
            services.AddSingleton(kind);
        }

        foreach (var kind in UsageKinds.All.Append(RevisionKinds.Revision).Append(CompositionTestKind.Test).Append(EnvironmentConfigKind.Config))
        {
            services.AddSingleton(kind);
        }

        services.AddSingleton<CompositionRevisions>();
        services.AddSingleton<CompositionTestRuns>();
        services.AddSingleton<CompositionTests>();
        services.AddSingleton<CompositionDrawing>();
        services.AddSingleton<CompositeWaker>();
        services.AddSingleton<Usages>();
        services.AddSingleton<IAdmissionRule, UsageRule>();
        services.AddSingleton<IAdmissionRule, DriftModeRule>();
        services.AddSingleton<IAdmissionRule, DefinitionRule>();
        services.AddSingleton<IAdmissionRule, CompositionRule>();
        services.AddController<IEnvironmentConfigGrain>(EnvironmentConfigGrain.Controller, row =>
            row.Key.Kind == EnvironmentConfigKind.Config.Id && row.Change != ChangeType.None ? [row.Key.Name] : []);
        services.AddController<ICompositionTestGrain>(CompositionTestGrain.Controller, row => Written(row, CompositionTestKind.TestId));
        services.AddController<IUsageGrain>(UsageGrain.Controller, row =>
            UsageKinds.All.Any(k => k.Id == row.Key.Kind) && row.Change is ChangeType.Added or ChangeType.Modified && row.Verb != "status" ? [row.Key.ToString()] : []);
        services.AddSingleton<IRequiredResources, StoredRequirements>();
        services.AddSingleton<CompositionPipeline>();
        services.AddSingleton<ExternalFunctions>();
        services.AddSingleton(s => new FunctionDirectory(
            async (name, ct) => (await s.GetRequiredService<ResourceStore>().FindAsync(new ResourceKey(FunctionKinds.FunctionId, "", name), ct))?.ToDocument(),
            s.GetRequiredService<ExternalFunctions>().Connect));
        services.AddSingleton(new KindSource(CompositionKinds.DefinitionId, OfferedKinds.Read));
        services.AddController<ICompositeDefinitionGrain>(CompositeDefinitionGrain.Controller, row => Names(row, CompositionKinds.DefinitionId));
        services.AddController<ICompositionGrain>(CompositionGrain.Controller, row => Written(row, CompositionKinds.CompositionId));
    }

    private static void AddClaims(this IServiceCollection services)
    {
        services.AddSingleton<ConnectionSecrets>();
        services.AddSingleton<Attribution>();
        services.AddSingleton<CompositionChoice>();
        services.AddSingleton<ComposedResources>();
        services.AddSingleton<ClaimPlanner>();
        services.AddSingleton<ClaimInsights>();
        services.AddSingleton<DriftDecisions>();
        services.AddSingleton<CompositionPlanner>();
        services.AddSingleton<IChangePreview, PlanPreview>();
        services.AddSingleton<CompositionRollout>();
        services.AddSingleton<IProvisioning, ClaimStates>();
        services.AddSingleton<IProcessKind, ChangeClaim>();
        services.AddSingleton<IProcessKind, RotateCredentials>();
        services.AddController<INamespaceAttributionGrain>(NamespaceAttributionGrain.Controller, NamespaceAttributionGrain.Route);
        services.AddRoutedController<IClaimGrain, KindRegistry>(ClaimGrain.Controller, ClaimRoutes.ToClaims);
        services.AddRoutedController<ICompositeGrain, KindRegistry>(CompositeGrain.Controller, ClaimRoutes.ToComposites);
    }

    private static void AddManagedResources(this IServiceCollection services, SqlOptions sql, AwsOptions aws, KubernetesOptions kubernetes)
    {
        services.AddSqlServer(sql);
        services.AddSingleton(SqlProviderConfigs.Kind);
        services.AddSingleton<SqlServers>();
        services.AddSingleton<SqlTargets>();
        services.AddDriver<SqlDriver>(SqlKinds.All);
        services.AddSingleton(TemporalKinds.Config);
        services.AddSingleton<TemporalServers>();
        services.AddDriver<TemporalDriver>([TemporalKinds.Namespace]);
        services.AddSingleton<RedisDriver>();
        services.AddSingleton<IProviderDriver>(s => s.GetRequiredService<RedisDriver>());
        services.AddSingleton(RedisKind.Server);
        services.AddHostedService(s => s.GetRequiredService<RedisDriver>());
        services.AddAws(aws);
        services.AddKubernetes(kubernetes);
        services.AddSingleton<ProviderDrivers>();
        services.AddSingleton<IAdmissionRule, ProviderConfigRule>();
        services.AddSingleton<References>();
        services.AddSingleton<ImpliedKinds>();
        services.AddMetrics();
        services.AddSingleton<ProviderHealth>();
        services.AddSingleton<ProviderCalls>();
        services.AddHostedService(s => s.GetRequiredService<ProviderCalls>());
        services.AddRoutedController<IManagedResourceGrain, ProviderDrivers>(ManagedResourceGrain.Controller, ManagedResourceGrain.Route);
    }

    /// <summary>AWS' kinds are simulated until a setting says where AWS is.</summary>
    private static void AddAws(this IServiceCollection services, AwsOptions aws)
    {
        services.AddSingleton(AwsProviderConfigs.Kind);
        services.AddSimulated(aws.IsOn ? SimulatedKinds.All : [.. SimulatedKinds.All, .. AwsKinds.All.Select(k => k.Definition)]);
        if (!aws.IsOn)
        {
            return;
        }

        services.AddSingleton(aws);
        services.AddSingleton<AwsSessions>();
        services.AddDriver<CloudControlDriver>(AwsKinds.CloudControl);
        services.AddDriver<S3Driver>(AwsKinds.S3);
        services.AddDriver<SqsDriver>(AwsKinds.Sqs);
    }

    private static void AddSimulated(this IServiceCollection services, IReadOnlyList<KindDefinition> kinds)
    {
        services.AddSingleton<SimulatedThings>();
        services.AddSingleton<IProviderDriver>(s => new SimulatedDriver(
            s.GetRequiredService<SimulatedThings>(), s.GetRequiredService<SimulatedOptions>(), kinds, s.GetRequiredService<TimeProvider>()));
        foreach (var kind in kinds)
        {
            services.AddSingleton(kind);
        }
    }

    private static void AddKubernetes(this IServiceCollection services, KubernetesOptions options)
    {
        foreach (var kind in KubernetesKinds.Configs)
        {
            services.AddSingleton(kind);
        }

        services.AddSingleton(options);
        services.AddSingleton<ClusterSessions>();
        services.AddSingleton<ObjectReferences>();
        services.AddDriver<KubernetesDriver>(KubernetesKinds.Managed);
        if (options.Delegate)
        {
            // Made now: a kubeconfig that cannot be read ends the start.
            var crossplane = DelegatingDriver.Open(options);
            services.AddSingleton(s => new DelegatingDriver(new ClusterClient(crossplane, options.CallTimeout, s.GetRequiredService<TimeProvider>())));
            services.AddSingleton<IProviderDriver>(s => s.GetRequiredService<DelegatingDriver>());
        }
    }

    private static void AddSqlServer(this IServiceCollection services, SqlOptions sql)
    {
        if (sql.Url.Length > 0)
        {
            // Made now: a URL that cannot be read ends the start.
            var given = new GivenPostgres(sql.Url);
            services.AddSingleton<ISqlServer>(_ => given);
            return;
        }

        services.AddSingleton<PrivatePostgres>();
        services.AddHostedService(s => s.GetRequiredService<PrivatePostgres>());
        services.AddSingleton<ISqlServer>(s => s.GetRequiredService<PlatformOptions>().IsEmbedded ? s.GetRequiredService<PrivatePostgres>() : new NoServer());
    }

    private static void AddServices(this IServiceCollection services)
    {
        services.AddSingleton(new ControlGroups("/sys/fs/cgroup"));
        services.AddSingleton(s => new ServiceUsers(s.GetRequiredService<DataFolder>(), ServiceUsers.MayOwn()));
        services.AddSingleton<IToolchain, NodeToolchain>();
        services.AddSingleton<IToolchain, DotnetToolchain>();
        services.AddSingleton<NuGetPackages>();
        services.AddSingleton<ServiceInstaller>();
        services.AddSingleton<ReadinessProbe>();
        services.AddSingleton<ServiceRuntime>();
        services.AddSingleton<IRuntime>(s => s.GetRequiredService<ServiceRuntime>());
        services.AddHostedService(s => s.GetRequiredService<ServiceRuntime>());
        services.AddRoutedController<IDeploymentGrain, PlatformOptions>(DeploymentGrain.Controller, (row, options) =>
            options.RunsServices ? DeploymentGrain.Route(row) : []);
    }

    private static void AddDriver<TDriver>(this IServiceCollection services, IEnumerable<KindDefinition> kinds)
        where TDriver : class, IProviderDriver
    {
        services.AddSingleton<IProviderDriver, TDriver>();
        foreach (var kind in kinds)
        {
            services.AddSingleton(kind);
        }
    }

    /// <summary>A controller whose route asks a service, such as which kinds are claims now.</summary>
    private static void AddRoutedController<TGrain, TService>(
        this IServiceCollection services, string name, Func<CommittedRow, TService, IEnumerable<string>> route)
        where TGrain : IReconcileGrain
        where TService : notnull =>
        services.AddSingleton(s =>
        {
            var service = s.GetRequiredService<TService>();
            return new Controller(name, (grains, key) => grains.GetGrain<TGrain>(key), row => route(row, service));
        });

    /// <summary>But for the statuses that the platform's own controllers write: those are no news.</summary>
    private static IEnumerable<string> Written(CommittedRow row, KindId kind) => row.Verb == "status" ? [] : Names(row, kind);

    private static IEnumerable<string> Names(CommittedRow row, KindId kind) =>
        row.Key.Kind == kind && (row.Change is ChangeType.Added or ChangeType.Modified) ? [row.Key.Name] : [];
}
