using Flagstone.Ui.Shell;
using Flagstone.Workflows.Console.Activities;
using Flagstone.Workflows.Console.Archive;
using Flagstone.Workflows.Console.Calls;
using Flagstone.Workflows.Console.Codec;
using Flagstone.Workflows.Console.Jobs;
using Flagstone.Workflows.Console.Schedules;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;

namespace Flagstone.Workflows.Console;

/// <summary>The module's pages in the console.</summary>
internal static class WorkflowsConsole
{
    public static IServiceCollection AddWorkflowsConsole(this IServiceCollection services, CodecOptions codec)
    {
        services.AddSingleton(codec);
        services.AddScoped<PayloadCodec>();
        if (codec.Endpoint.Length > 0)
        {
            services.AddSingleton(new ConsoleConnection(codec.Origin));
        }

        services.AddConsolePages<RunListPage>(
            new NavItem("Inbox", "/inbox", Icons.Material.Outlined.Inbox, 5, "i") { Mark = typeof(InboxCount) },
            new NavItem("Processes", "/processes", Icons.Material.Outlined.Timeline, 22, "s"),
            new NavItem("Workflows", "/workflows", Icons.Material.Outlined.Schema, 25, "w"),
            new NavItem("Task queues", "/workflows/queues", Icons.Material.Outlined.Schema, 26, "q") { KeysOnly = true });
        services.AddSingleton<RunReader>();
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<EvidenceReader>();
        services.AddSingleton<CallReader>();
        services.AddSingleton<NamespaceReader>();
        services.AddSingleton<QueueReader>();
        services.AddSingleton<DeploymentReader>();
        services.AddSingleton<ScheduleReader>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<ArchiveReader>();
        services.AddSingleton<ActivityReader>();
        services.AddSingleton<RunActions>();
        services.AddSingleton<ActivityActions>();
        services.AddSingleton<ScheduleActions>();
        services.AddSingleton<DeploymentActions>();
        return services;
    }
}
