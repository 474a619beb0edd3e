using Flagstone.Platform;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Activities.Standalone;
using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Batches;
using Flagstone.Workflows.Console;
using Flagstone.Workflows.Console.Codec;
using Flagstone.Workflows.Contracts;
using Flagstone.Workflows.Contracts.Processes;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Discarding;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Frontend;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Endpoints;
using Flagstone.Workflows.Nexus.Standalone;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.People;
using Flagstone.Workflows.People.Notices;
using Flagstone.Workflows.People.Outside;
using Flagstone.Workflows.Processes;
using Flagstone.Workflows.Schedules;
using Flagstone.Workflows.Servers;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Visibility;
using Grpc.AspNetCore.Server.Model;
using Grpc.HealthCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Flagstone.Workflows;

/// <summary>Registers the Workflows module with the host: Temporal's gRPC API on a port of its own.</summary>
public static class WorkflowsModule
{
    /// <summary>The module's own tables.</summary>
    public static MigrationSource Migrations { get; } = new("workflows", typeof(WorkflowsModule).Assembly);

    /// <summary>As large as SDKs send them.</summary>
    private const int MaxMessage = 128 * 1024 * 1024;

    public static IHostApplicationBuilder AddWorkflows(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        var options = builder.Configuration.GetSection(WorkflowsOptions.Section).Get<WorkflowsOptions>() ?? new WorkflowsOptions();
        if (!options.People)
        {
            PeopleQueue.Leave();
        }

        services.AddSingleton(options);
        services.AddSingleton(ArchiveFolder.Open(options.Archive));
        services.AddSingleton<ArchiveStore>();
        services.AddSingleton<ArchiveList>();
        services.AddSingleton<ArchiveEvidence>();
        services.AddSingleton<Archiver>();
        services.AddSingleton(WorkflowNamespaceKind.Namespace);
        services.AddSingleton(NexusEndpointKind.Endpoint);
        services.AddSingleton(Migrations);
        services.AddSingleton<NamespaceStore>();
        services.AddSingleton<NamespaceCache>();
        services.AddSingleton<OtherServers>();
        services.AddSingleton<TemporalCalls>();
        var serverOptions = builder.Configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        var elsewhere = serverOptions.ToServer();
        services.AddSingleton(new InstallationServer(elsewhere) { PeopleNamespaces = serverOptions.ToPeopleNamespaces() });
        services.AddSingleton<ITemporalServer>(provider => elsewhere is null
            ? ActivatorUtilities.CreateInstance<EmbeddedServer>(provider) : ActivatorUtilities.CreateInstance<ExternalServer>(provider, elsewhere));
        services.AddSingleton<ITemporalNamespaces, TemporalNamespaces>();
        services.AddProcesses(new PlatformNamespace(options.ProcessNamespace).Checked());
        services.AddSingleton<NexusEndpointStore>();
        services.AddSingleton<NexusEndpointCache>();
        services.AddSingleton<NexusAsker>();
        services.AddSingleton<StandaloneStore>();
        services.AddSingleton<ExecutionStore>();
        services.AddSingleton<OutboxStore>();
        services.AddSingleton<HumanTaskStore>();
        services.AddSingleton<HumanTasks>();
        services.AddSingleton((builder.Configuration.GetSection($"{WorkflowsOptions.Section}:Notices").Get<NoticeOptions>() ?? new NoticeOptions()).Checked());
        services.AddSingleton<NoticeStore>();
        services.AddSingleton<NoticeSender>();
        services.AddController<INoticeGrain>(NoticeGrain.Controller, _ => []);
        services.AddOutsidePeople();
        services.AddSingleton<VisibilityStore>();
        services.AddSingleton<TaskQueueStore>();
        services.AddSingleton<StandaloneActivityStore>();
        services.AddSingleton<DeploymentStore>();
        services.AddSingleton<DeploymentRegistrar>();
        services.AddSingleton<ParkedPolls>();
        services.AddSingleton<WorkflowMetrics>();
        services.AddController<IExecutionGrain>(ExecutionStore.Controller, _ => []);
        services.AddController<IOutboxGrain>(OutboxStore.Controller, _ => []);
        services.AddController<INexusCallerGrain>(NexusCallerGrain.Controller, _ => []);
        services.AddController<INexusOperationGrain>(StandaloneStore.Controller, _ => []);
        services.AddController<IDiscardGrain>(DiscardGrain.Controller, DiscardGrain.Route);
        services.AddController<IActivityExecutionGrain>(StandaloneActivityStore.Controller, _ => []);
        services.AddController<IDeploymentGrain>(DeploymentStore.Controller, _ => []);
        services.AddController<IScheduleGrain>(ScheduleStore.Controller, _ => []);
        services.AddController<IBatchGrain>(BatchStore.Controller, _ => []);
        services.AddSingleton<BatchStore>();
        services.AddSingleton<BatchWork>();
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<DiscardStore>();
        services.AddSingleton<EvidenceCheck>();
        services.AddSingleton<HistoryExport>();
        if (elsewhere is null)
        {
            services.AddHostedService<DefaultNamespace>();
        }

        services.AddHostedService<DiscardStart>();
        services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = MaxMessage)
            .AddServiceOptions<WorkflowServiceHandlers>(o => o.Interceptors.Add<CallerInterceptor>())
            .AddServiceOptions<OperatorServiceHandlers>(o => o.Interceptors.Add<CallerInterceptor>());
        services.AddSingleton<IServiceMethodProvider<WorkflowServiceHandlers>>(new RpcBinding<WorkflowServiceHandlers>(RpcTable.WorkflowService));
        services.AddSingleton<IServiceMethodProvider<OperatorServiceHandlers>>(new RpcBinding<OperatorServiceHandlers>(RpcTable.OperatorService));
        services.AddSingleton<WorkflowServiceHandlers>();
        services.AddSingleton<OperatorServiceHandlers>();
        services.AddSingleton(Health(elsewhere is null ? ServingStatus.Serving : ServingStatus.NotServing));
        services.AddWorkflowsConsole((builder.Configuration.GetSection(CodecOptions.Section).Get<CodecOptions>() ?? new CodecOptions()).Checked());
        return builder;
    }

    /// <summary>Lets this process work on the platform's own processes, and take what workflows at a server elsewhere ask people. It reaches the embedded server over the listener of <see cref="OwnConnection"/>.</summary>
    public static IHostApplicationBuilder AddPlatformWorker(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHostedService<PlatformWorker>();
        builder.Services.AddHostedService<PeopleWorker>();
        return builder;
    }

    public static IEndpointRouteBuilder MapWorkflows(this IEndpointRouteBuilder app)
    {
        var here = new TemporalEndpoint();
        app.MapGrpcService<WorkflowServiceHandlers>().WithMetadata(here);
        app.MapGrpcService<OperatorServiceHandlers>().WithMetadata(here);
        // Like /healthz it says nothing that needs a token.
        app.MapGrpcService<HealthHandlers>().WithMetadata(here);
        app.MapWorkflowEvidence();
        app.MapWorkflowHistory();
        app.MapHumanTasks();
        app.MapProcesses();
        return app;
    }

    private static void AddProcesses(this IServiceCollection services, PlatformNamespace own)
    {
        services.AddSingleton(own);
        services.AddSingleton(OwnConnection.Create());
        services.AddSingleton<ProcessActivities>();
        services.AddSingleton<ProcessRuns>();
        services.AddSingleton<IProcesses>(provider => provider.GetRequiredService<ProcessRuns>());
    }

    private static HealthServiceImpl Health(ServingStatus status)
    {
        var health = new HealthServiceImpl();
        foreach (var service in (string[])["", RpcTable.WorkflowService.FullName, RpcTable.OperatorService.FullName])
        {
            health.SetStatus(service, status);
        }

        return health;
    }
}
