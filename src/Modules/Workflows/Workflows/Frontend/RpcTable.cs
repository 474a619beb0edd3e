using System.Reflection;
using System.Text;
using Google.Protobuf.Reflection;

namespace Flagstone.Workflows.Frontend;

/// <summary>Which RPCs of a service have a handler. The page docs/reference/temporal-rpcs.md is made of it.</summary>
internal static class RpcTable
{
    public static readonly ServiceDescriptor WorkflowService = Temporalio.Api.WorkflowService.V1.ServiceReflection.Descriptor.Services[0];
    public static readonly ServiceDescriptor OperatorService = Temporalio.Api.OperatorService.V1.ServiceReflection.Descriptor.Services[0];

    /// <summary>The handler of an RPC; null for none.</summary>
    public static MethodInfo? HandlerOf(Type service, MethodDescriptor rpc) =>
        service.GetMethod(rpc.Name, BindingFlags.Instance | BindingFlags.Public) is { } method && method.IsDefined(typeof(RpcAttribute)) ? method : null;

    /// <summary>The table as Markdown.</summary>
    public static string Page()
    {
        var page = new StringBuilder("""
            # Temporal's RPCs

            What of Temporal's gRPC API is there. An RPC that is not answers `UNIMPLEMENTED`, and is not advertised. This page is made from the code.

            """);
        Add(page, WorkflowService, typeof(WorkflowServiceHandlers));
        Add(page, OperatorService, typeof(OperatorServiceHandlers));
        return page.ToString();
    }

    private static void Add(StringBuilder page, ServiceDescriptor service, Type handlers)
    {
        var rows = service.Methods.Select(m => (m.Name, Rpc: HandlerOf(handlers, m)?.GetCustomAttribute<RpcAttribute>())).ToList();
        page.Append($"\n## {service.Name}\n\n{rows.Count(r => r.Rpc is not null)} of {rows.Count} are there.\n\n| RPC | |\n|---|---|\n");
        foreach (var (name, rpc) in rows)
        {
            page.Append($"| {name} | {(rpc is null ? "not there" : rpc.Missing.Length == 0 ? "done" : $"partly: without {rpc.Missing}")} |\n");
        }
    }
}
