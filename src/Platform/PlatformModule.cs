using Flagstone.Platform.Collecting;
using Flagstone.Platform.Data;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Kinds;
using Flagstone.Platform.Kubernetes;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Platform;

/// <summary>Registers the kernel.</summary>
public static class PlatformModule
{
    public static IHostApplicationBuilder AddPlatform(this IHostApplicationBuilder builder, PlatformOptions options, DataFolder folder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(folder);
        services.AddSingleton(_ => OpenDatabase(options, folder));
        services.AddSingleton(new MigrationSource("kernel", typeof(PlatformModule).Assembly));
        services.AddSingleton<InstallationKeys>();
        services.AddSingleton(s => new Sealer(s.GetRequiredService<InstallationKeys>().Sealing));
        services.AddSingleton(s => new NoteSigner(options.LogOrigin, s.GetRequiredService<InstallationKeys>().Log));
        services.AddKernel();
        services.AddSingleton<Bootstrap>();
        return builder;
    }

    /// <summary>Everything of the kernel that stands on a database, a sealer, a signer and a clock.</summary>
    internal static IServiceCollection AddKernel(this IServiceCollection services)
    {
        services.AddSingleton<KindRegistry>();
        services.AddSingleton<LedgerReader>();
        services.AddSingleton<LedgerHistory>();
        services.AddSingleton<FeedCursors>();
        services.AddSingleton<Compaction>();
        services.AddSingleton<ResourceStore>();
        services.AddSingleton<TransparencyLog>();
        services.AddSingleton<TokenStore>();
        services.AddSingleton<IdempotencyKeys>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton<NamespaceView>();
        services.AddSingleton<ResourceGateway>();
        services.AddSingleton<DueIndex>();
        services.AddSingleton<LedgerTail>();
        services.AddSingleton<LedgerWriter>();
        services.AddHostedService(s => s.GetRequiredService<LedgerTail>());
        services.AddHostedService(s => s.GetRequiredService<LedgerWriter>());
        services.AddHostedService<KindSync>();
        services.AddHostedService<TokenRevocations>();
        services.AddSingleton<RunningReconciles>();
        services.AddSingleton(s => new StartGate(() => ThreadPool.PendingWorkItemCount, s.GetRequiredService<TimeProvider>()));
        services.AddHostedService<ReconcilePump>();
        services.AddHostedService<StartSweep>();

        foreach (var kind in CoreKinds.All().Concat(TransientKinds.All()).Append(CustomKinds.Definition))
        {
            services.AddSingleton(kind);
        }

        services.AddSingleton(new KindSource(CustomKinds.Kind, d => CustomKinds.TryRead(d, out var kind, out _) ? [kind!] : []));
        services.AddController<IDefinitionGrain>(DefinitionGrain.Controller, row =>
            row.Key.Kind == CustomKinds.Kind && row.Change is ChangeType.Added or ChangeType.Modified ? [row.Key.Name] : []);
        services.AddController<IGarbageGrain>(GarbageGrain.Controller, _ => []);
        services.AddController<IDeletionGrain>(DeletionGrain.Controller, DeletionGrain.Route);
        services.AddController<ICompactionGrain>(CompactionGrain.Controller, _ => []);

        services.AddSingleton<Discovery>();
        services.AddSingleton<OpenApiDocuments>();
        services.AddSingleton<AccessReviews>();
        services.AddSingleton<Tables>();
        services.AddSingleton<WatchStream>();
        services.AddSingleton<KubernetesReads>();
        services.AddSingleton<KubernetesWrites>();
        services.AddSingleton<PatchRequests>();
        services.AddSingleton<TransientResources>();
        services.AddSingleton<TransientRequests>();
        services.AddSingleton<EventRecorder>();
        services.AddSingleton<KubernetesApi>();
        return services;
    }

    /// <summary>The Kubernetes API, for the port that serves nothing else.</summary>
    public static RequestDelegate KubernetesApi(IServiceProvider services) => services.GetRequiredService<KubernetesApi>().HandleAsync;

    /// <summary>Answers a problem as the Kubernetes API does.</summary>
    public static Task KubernetesProblemAsync(HttpResponse response, Problem problem, CancellationToken ct) => response.ProblemAsync(problem, ct);

    /// <summary>The connection string of the database in team mode.</summary>
    public static string ConnectionString(PlatformOptions options) => PostgresUrl.ToConnectionString(options.Database);

    /// <summary>The connection string of a PostgreSQL URL as settings give it: without a password.</summary>
    /// <exception cref="ArgumentException">It is no such URL; the message says what one looks like.</exception>
    public static string ConnectionString(string url) => PostgresUrl.ToConnectionString(url);

    /// <summary>The database that the settings name.</summary>
    public static PlatformDatabase OpenDatabase(PlatformOptions options, DataFolder folder) => options.IsEmbedded
        ? new SqliteDatabase(folder.Database)
        : new PostgresDatabase(PostgresUrl.ToConnectionString(options.Database));

    /// <summary>Brings a database to the schema of this release: the kernel's, and that of the modules that have tables.</summary>
    public static Task MigrateAsync(PlatformDatabase database, IEnumerable<MigrationSource> modules, CancellationToken ct) =>
        Migrator.ApplyAsync(database, modules.Prepend(new MigrationSource("kernel", typeof(PlatformModule).Assembly)), ct);

    /// <summary>Brings the database to this release's schema, and sees to it that the keys are its own; before anything else reads it.</summary>
    public static async Task MigrateAsync(IServiceProvider services, CancellationToken ct)
    {
        var database = services.GetRequiredService<PlatformDatabase>();
        await Migrator.ApplyAsync(database, services.GetServices<MigrationSource>(), ct);
        await services.GetRequiredService<InstallationKeys>().SettleAsync(database, ct);
    }

    /// <summary>Makes what the first start needs; once the host runs.</summary>
    public static Task BootstrapAsync(IServiceProvider services, string kubernetesUrl, string authority, CancellationToken ct) =>
        services.GetRequiredService<Bootstrap>().RunAsync(kubernetesUrl, authority, ct);
}
